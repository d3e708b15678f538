#pragma once

#include <napi.h>

#include <memory>
#include <type_traits>
#include <utility>

#include "binding/hot_call.h"

namespace spillway {

/// Creates a JavaScript function from one that takes a Napi::CallbackInfo or a HotCall. Returns an
/// empty function on failure.
template <auto kFunction>
Napi::Function NewFunction(Napi::Env env, const char* name, void* data) {
  if constexpr (std::is_invocable_v<decltype(kFunction), const Napi::CallbackInfo&>) {
    return Napi::Function::New<kFunction>(env, name, data);
  } else {
    return NewHotFunction<kFunction>(env, name, data);
  }
}

/// Creates a function that works on `owned`, and deletes `owned` when the function is
/// garbage-collected. Returns an empty function on failure.
template <auto kFunction, typename T>
Napi::Function OwningFunction(Napi::Env env, const char* name, std::unique_ptr<T> owned) {
  if (owned == nullptr) return {};
  Napi::Function function = NewFunction<kFunction>(env, name, owned.get());
  if (function.IsEmpty()) return {};
  // This fails only for a value that is not an object, so it always takes ownership here.
  function.AddFinalizer([](Napi::Env, T* data) { delete data; }, owned.release());
  return function;
}

/// Builds an object property by property. Any step may fail while a worker is being terminated;
/// Build() then returns an empty object.
class ObjectBuilder final {
 public:
  explicit ObjectBuilder(Napi::Env env) : object_(Napi::Object::New(env)) {}

  ObjectBuilder& Set(const char* name, Napi::Value value);
  ObjectBuilder& SetNumber(const char* name, double value);
  ObjectBuilder& SetBoolean(const char* name, bool value);

  /// Sets a function that works on its own copy of `shared`, so that the object lives as long as
  /// any of its functions.
  template <auto kFunction, typename T>
  ObjectBuilder& SetFunction(const char* name, const std::shared_ptr<T>& shared) {
    return Set(name, OwningFunction<kFunction>(object_.Env(), name,
                                               std::make_unique<std::shared_ptr<T>>(shared)));
  }

  Napi::Object Build() const { return complete_ ? object_ : Napi::Object(); }

 private:
  Napi::Object object_;
  bool complete_ = true;
};

}  // namespace spillway
