#include "binding/spill.h"

namespace spillway {

Napi::Value CreateSpill(const Napi::CallbackInfo& info) { return info.Env().Undefined(); }
Napi::Value ReadHead(const Napi::CallbackInfo& info) { return info.Env().Undefined(); }
Napi::Value ReadPriority(const Napi::CallbackInfo& info) { return info.Env().Undefined(); }

}  // namespace spillway
