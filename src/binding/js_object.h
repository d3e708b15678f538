#pragma once

#include <node_api.h>

#include <memory>
#include <new>
#include <utility>

namespace spillway {

struct Figure {
  const char* name;
  napi_value value;
};

/// Null if a value is, or a call fails.
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

/// A function whose `data` is a std::shared_ptr<T>*, a share of what it works on: so that lives as
/// long as any of its functions.
template <typename T>
bool AddFunction(napi_env env, napi_value object, const char* name, napi_callback callback,
                 const std::shared_ptr<T>& shared) {
  std::unique_ptr<std::shared_ptr<T>> share(new (std::nothrow) std::shared_ptr<T>(shared));
  const napi_value function = JsFunctionOf(env, name, callback, std::move(share));
  return function != nullptr && napi_set_named_property(env, object, name, function) == napi_ok;
}

}  // namespace spillway
