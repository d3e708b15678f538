#pragma once

#include <node_api.h>

namespace spillway {

/// createPoolProbe() -> a function () -> ms, see PoolProbe::Read(); or undefined.
napi_value CreatePoolProbe(napi_env env, napi_callback_info info);

}  // namespace spillway
