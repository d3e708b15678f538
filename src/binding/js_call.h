#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace spillway {

/// One call from JavaScript, which has checked its arguments: at most N numbers.
///
/// Any Node-API call may fail while a worker is being terminated. A function then returns null
/// without having done anything: no script will see the result.
template <typename Self, size_t N>
class JsCall {
 public:
  JsCall(napi_env env, napi_callback_info info) {
    napi_value arguments[N + 1];
    size_t count = N;
    void* data = nullptr;
    if (napi_get_cb_info(env, info, &count, arguments, nullptr, &data) != napi_ok || count < N) {
      return;
    }
    for (size_t i = 0; i < N; i++) {
      if (napi_get_value_double(env, arguments[i], &numbers_[i]) != napi_ok) return;
    }
    self_ = static_cast<Self*>(data);
  }

  explicit operator bool() const { return self_ != nullptr; }
  Self* operator->() const { return self_; }
  Self* self() const { return self_; }
  double operator[](size_t index) const { return numbers_[index]; }
  uint64_t Ns(size_t index) const { return static_cast<uint64_t>(numbers_[index]); }
  uint32_t Count(size_t index) const { return static_cast<uint32_t>(numbers_[index]); }

 private:
  Self* self_ = nullptr;
  double numbers_[N + 1] = {};
};

/// The same, of a function that AddFunction has given a share of what it works on.
template <typename T, size_t N>
class JsSharedCall final : public JsCall<std::shared_ptr<T>, N> {
 public:
  using JsCall<std::shared_ptr<T>, N>::JsCall;
  T* operator->() const { return this->self()->get(); }
};

inline napi_value JsNumber(napi_env env, double value) {
  napi_value result = nullptr;
  return napi_create_double(env, value, &result) == napi_ok ? result : nullptr;
}

inline napi_value JsBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  return napi_get_boolean(env, value, &result) == napi_ok ? result : nullptr;
}

}  // namespace spillway
