#pragma once

#include <napi.h>

namespace spillway {
class Admission;
}

// Adds the class Admission, the law with its times as arguments, to the addon's exports.
Napi::Object InitAdmission(Napi::Env env, Napi::Object exports);

// The law inside an Admission of JavaScript, which must outlive every use of it.
spillway::Admission& AdmissionOf(Napi::Object object);
