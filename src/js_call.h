#ifndef SPILLWAY_JS_CALL_H_
#define SPILLWAY_JS_CALL_H_

#include <node_api.h>

#include <cstddef>
#include <memory>

namespace spillway {

/// One call from JavaScript, which has checked its arguments: at most N numbers.
///
/// Any Node-API call may fail while a worker is being terminated. A function then returns null
/// without having done anything: no script will see the result.
template <typename Self, size_t N>
class JsCall final {
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

 private:
  Self* self_ = nullptr;
  double numbers_[N + 1] = {};
};

inline napi_value JsNumber(napi_env env, double value) {
  napi_value result = nullptr;
  return napi_create_double(env, value, &result) == napi_ok ? result : nullptr;
}

inline napi_value JsBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  return napi_get_boolean(env, value, &result) == napi_ok ? result : nullptr;
}

struct Figure {
  const char* name;
  napi_value value;
};

/// Null if one of the figures is.
template <size_t N>
napi_value JsObject(napi_env env, const Figure (&figures)[N]) {
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  for (const Figure& figure : figures) {
    if (figure.value == nullptr) return nullptr;
    if (napi_set_named_property(env, object, figure.name, figure.value) != napi_ok) return nullptr;
  }
  return object;
}

/// A function that owns what it is given as data. Null if there is none.
template <typename T>
napi_value JsFunctionOf(napi_env env, const char* name, napi_callback callback,
                        std::unique_ptr<T> owned) {
  if (owned == nullptr) return nullptr;
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, owned.get(), &function) !=
          napi_ok ||
      napi_add_finalizer(env, function, owned.get(), drop, nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  static_cast<void>(owned.release());
  return function;
}

}  // namespace spillway

#endif  // SPILLWAY_JS_CALL_H_
