#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace spillway {

/// The object that a native function works on: the data with which the function was created.
template <typename T>
T& Self(const Napi::CallbackInfo& info) {
  return *static_cast<T*>(info.Data());
}

/// Reads an argument that JavaScript has validated. If it is not a number, returns 0 and throws a
/// TypeError; this does not interrupt the caller.
double NumberAt(const Napi::CallbackInfo& info, size_t index);

inline bool FlagAt(const Napi::CallbackInfo& info, size_t index) {
  return NumberAt(info, index) != 0;
}
inline uint64_t NsAt(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint64_t>(NumberAt(info, index));
}
inline uint32_t CountAt(const Napi::CallbackInfo& info, size_t index) {
  return static_cast<uint32_t>(NumberAt(info, index));
}

constexpr double kNsPerMs = 1e6;

Napi::Value JsNumber(const Napi::CallbackInfo& info, double value);
Napi::Value JsMs(const Napi::CallbackInfo& info, double ns);
Napi::Value JsBoolean(const Napi::CallbackInfo& info, bool value);

}  // namespace spillway
