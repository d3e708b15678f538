#include <napi.h>

Napi::Object InitAdmission(Napi::Env env, Napi::Object exports);

NODE_API_MODULE(spillway, InitAdmission)
