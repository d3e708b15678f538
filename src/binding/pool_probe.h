#pragma once

#include <napi.h>

namespace spillway {

/// createPoolProbe() -> a function () -> ms, see PoolProbe::Read(); undefined if uv cannot create a
/// loop.
Napi::Value CreatePoolProbe(const Napi::CallbackInfo& info);

}  // namespace spillway
