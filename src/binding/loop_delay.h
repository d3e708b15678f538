#pragma once

#include <node_api.h>

namespace spillway {

/// createLoopDelay() -> a function that tells, at each call, how late the loop was since the last:
/// () -> { mean, p99, max }, ms. `data` is a LoopMonitor*, which must outlive the calls.
napi_value CreateLoopDelay(napi_env env, napi_callback_info info);

}  // namespace spillway
