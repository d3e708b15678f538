#include "binding/pool_probe.h"

#include "binding/js_call.h"
#include "binding/js_object.h"
#include "loop/pool_probe.h"

namespace spillway {
namespace {

constexpr double kNsPerMs = 1e6;

napi_value ReadProbe(napi_env env, napi_callback_info info) {
  const JsCall<PoolProbe, 0> call(env, info);
  return call ? JsNumber(env, static_cast<double>(call->Read()) / kNsPerMs) : nullptr;
}

}  // namespace

napi_value CreatePoolProbe(napi_env env, napi_callback_info /*info*/) {
  return JsFunctionOf(env, "poolProbe", ReadProbe, PoolProbe::New());
}

}  // namespace spillway
