#include "binding/pool_probe.h"

#include "binding/call.h"
#include "binding/object.h"
#include "loop/pool_probe.h"

namespace spillway {
namespace {

Napi::Value ReadProbe(const Napi::CallbackInfo& info) {
  return JsMs(info, static_cast<double>(Self<PoolProbe>(info).Read()));
}

}  // namespace

Napi::Value CreatePoolProbe(const Napi::CallbackInfo& info) {
  return OwningFunction<ReadProbe>(info.Env(), "poolProbe", PoolProbe::New());
}

}  // namespace spillway
