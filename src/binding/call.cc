#include "binding/call.h"

namespace spillway {

// These functions are out of line because each inlined call would add code that throws an error.

double NumberAt(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().DoubleValue();
}

Napi::Value JsNumber(const Napi::CallbackInfo& info, double value) {
  return Napi::Number::New(info.Env(), value);
}

Napi::Value JsMs(const Napi::CallbackInfo& info, double ns) {
  return JsNumber(info, ns / kNsPerMs);
}

Napi::Value JsBoolean(const Napi::CallbackInfo& info, bool value) {
  return Napi::Boolean::New(info.Env(), value);
}

}  // namespace spillway
