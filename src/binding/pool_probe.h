#ifndef SPILLWAY_POOL_PROBE_JS_H_
#define SPILLWAY_POOL_PROBE_JS_H_

#include <node_api.h>

namespace spillway {

/// createPoolProbe() -> a function () -> ms, see PoolProbe::Read(); or undefined.
napi_value CreatePoolProbe(napi_env env, napi_callback_info info);

}  // namespace spillway

#endif  // SPILLWAY_POOL_PROBE_JS_H_
