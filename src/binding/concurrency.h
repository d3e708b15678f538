#pragma once

#include <node_api.h>

namespace spillway {

/// createConcurrency() -> an object of functions, see concurrency.cc. `data` is the LoopMonitor*,
/// which must outlive all use of them.
napi_value CreateConcurrency(napi_env env, napi_callback_info info);

}  // namespace spillway
