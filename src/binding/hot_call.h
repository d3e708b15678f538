#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace spillway {

/// A call of a native function that does little more than return a number. Its arguments are kCount
/// numbers, which JavaScript has validated. T is the type of the function's data.
///
/// Such functions read their arguments through Node-API directly. Napi::CallbackInfo always fetches
/// six arguments and `this`, which takes 5 to 10 ns: up to half the time of a call of lag(). The
/// functions are those that return a figure of the loop; requestWaitNs() and wasQueued(); enter(),
/// leave(), delayLimitNs() and inFlightOf() of a controller; begin() and end() of a concurrency
/// limit.
template <typename T, size_t kCount>
class HotCall final {
 public:
  HotCall(napi_env env, napi_callback_info info) : env_(env) {
    napi_value arguments[kCount + 1];
    size_t count = kCount;
    void* data = nullptr;
    if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok) return;
    for (size_t i = 0; i < kCount; i++) {
      if (napi_get_value_double(env, arguments[i], &numbers_[i]) != napi_ok) return;
    }
    self_ = static_cast<T*>(data);
  }

  /// False if an argument is not a number; the function must not run then.
  explicit operator bool() const { return self_ != nullptr; }

  T& Self() const { return *self_; }
  double Number(size_t index) const { return numbers_[index]; }
  bool Flag(size_t index) const { return numbers_[index] != 0; }
  uint64_t Ns(size_t index) const { return static_cast<uint64_t>(numbers_[index]); }

  Napi::Value JsNumber(double value) const { return Napi::Number::New(env_, value); }
  Napi::Value JsBoolean(bool value) const { return Napi::Boolean::New(env_, value); }

 private:
  const napi_env env_;
  T* self_ = nullptr;
  double numbers_[kCount + 1] = {};
};

/// Node-API's callback for a function that takes a HotCall.
template <auto kFunction>
struct HotCallback;

template <typename T, size_t kCount, Napi::Value (*kFunction)(const HotCall<T, kCount>&)>
struct HotCallback<kFunction> {
  static napi_value Run(napi_env env, napi_callback_info info) {
    const HotCall<T, kCount> call(env, info);
    return call ? kFunction(call) : Napi::Value();
  }
};

/// Like Napi::Function::New(), but returns an empty function on failure without throwing.
template <auto kFunction>
Napi::Function NewHotFunction(Napi::Env env, const char* name, void* data) {
  napi_value function = nullptr;
  const napi_status status = napi_create_function(env, name, NAPI_AUTO_LENGTH,
                                                  HotCallback<kFunction>::Run, data, &function);
  return status == napi_ok ? Napi::Function(env, function) : Napi::Function();
}

}  // namespace spillway
