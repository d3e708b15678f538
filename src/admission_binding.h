#pragma once

#include <napi.h>

// Adds the class Admission, the law with its times as arguments, to the addon's exports.
Napi::Object InitAdmission(Napi::Env env, Napi::Object exports);
