#pragma once

#include <napi.h>

namespace spillway {

/// createConcurrency() -> an object of functions, see concurrency.cc. The function's data is the
/// LoopMonitor.
Napi::Value CreateConcurrency(const Napi::CallbackInfo& info);

}  // namespace spillway
