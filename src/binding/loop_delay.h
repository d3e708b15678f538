#pragma once

#include <napi.h>

namespace spillway {

/// createLoopDelay() -> a function () -> { mean, p99, max }: the event-loop delay since the last
/// call, ms. The function's data is the LoopMonitor.
Napi::Value CreateLoopDelay(const Napi::CallbackInfo& info);

}  // namespace spillway
