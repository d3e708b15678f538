// What JavaScript may call: the table is in Init(). Times that cross are in ms.
//
// Plain Node-API, because the C++ wrapper aborts the process where a call fails, and calls do fail
// in a worker that is being terminated.

#include <node_api.h>
#include <uv.h>

#include <utility>
#include <vector>

#include "binding/concurrency.h"
#include "binding/controller.h"
#include "binding/js_call.h"
#include "binding/loop_delay.h"
#include "binding/pool_probe.h"
#include "binding/spill.h"
#include "loop/loop_monitor.h"
#include "os/early_socket.h"

namespace spillway {
namespace {

constexpr double kNsPerMs = 1e6;

template <size_t N = 0>
using Call = JsCall<LoopMonitor, N>;

napi_value JsMs(napi_env env, double ns) { return JsNumber(env, ns / kNsPerMs); }

// start(intervalMs, factor) -> boolean
napi_value Start(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (!call) return nullptr;
  return JsBoolean(env, call->Start(static_cast<uint64_t>(call[0]), call[1]));
}

napi_value Stop(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsBoolean(env, call->Stop()) : nullptr;
}

napi_value SetFactor(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->SetFactor(call[0]);
  return nullptr;
}

napi_value Lag(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsMs(env, call->Lag()) : nullptr;
}

napi_value Delay(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsMs(env, call->Delay()) : nullptr;
}

// isBusy(maxLagMs) -> boolean
napi_value IsBusy(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsBoolean(env, call->IsBusy(call[0] * kNsPerMs)) : nullptr;
}

napi_value LoopDelay(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsMs(env, static_cast<double>(call->TurnSoFar())) : nullptr;
}

napi_value MeanTurn(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsMs(env, call->MeanTurn()) : nullptr;
}

napi_value TakeLongestTurn(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsMs(env, static_cast<double>(call->TakeLongestTurn())) : nullptr;
}

napi_value Utilization(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsNumber(env, call->Utilization()) : nullptr;
}

// connectionAge(fd) -> ms, or below 0 where the kernel does not know
napi_value ConnectionAge(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  return call ? JsMs(env, call->ConnectionAge(static_cast<int>(call[0]))) : nullptr;
}

// requestWait(fd, fresh, queuedMs) -> ms, or below 0 where the kernel does not know
napi_value RequestWait(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  if (!call) return nullptr;
  return JsMs(env, call->OnRequest(static_cast<int>(call[0]), call[1] != 0, call[2] * kNsPerMs));
}

// wasQueued() -> of the request that was last asked for
napi_value WasQueued(napi_env env, napi_callback_info info) {
  const Call<> call(env, info);
  return call ? JsBoolean(env, call->WasQueued()) : nullptr;
}

// watchListeners(...fds)
napi_value WatchListeners(napi_env env, napi_callback_info info) {
  size_t count = 0;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, nullptr, nullptr, &data) != napi_ok) return nullptr;
  std::vector<napi_value> arguments(count);
  if (napi_get_cb_info(env, info, &count, arguments.data(), nullptr, nullptr) != napi_ok) {
    return nullptr;
  }
  std::vector<int> fds(count);
  for (size_t i = 0; i < count; i++) {
    if (napi_get_value_int32(env, arguments[i], &fds[i]) != napi_ok) return nullptr;
  }
  static_cast<LoopMonitor*>(data)->WatchListeners(std::move(fds));
  return nullptr;
}

// Asynchronous, because a synchronous hook (or a finalizer) returns before uv has let go of the
// handles, and Node may unload this library right after, when only a worker loaded it.
void OnEnvCleanup(napi_async_cleanup_hook_handle hook, void* monitor) {
  static_cast<LoopMonitor*>(monitor)->Close(
      [](void* closed_hook) {
        napi_remove_async_cleanup_hook(static_cast<napi_async_cleanup_hook_handle>(closed_hook));
      },
      hook);
}

LoopMonitor* NewMonitor(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  LoopMonitor* monitor = LoopMonitor::New(loop);
  if (monitor == nullptr) return nullptr;
  if (napi_add_async_cleanup_hook(env, OnEnvCleanup, monitor, nullptr) == napi_ok) return monitor;
  monitor->Close([](void*) {}, nullptr);
  return nullptr;
}

napi_property_descriptor Function(const char* name, napi_callback callback, void* data) {
  return {name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, data};
}

napi_property_descriptor Constant(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_enumerable, nullptr};
}

}  // namespace

NAPI_MODULE_INIT() {
  LoopMonitor* monitor = NewMonitor(env);
  if (monitor == nullptr) {
    napi_throw_error(env, nullptr, "spillway cannot watch the event loop");
    return nullptr;
  }
  const bool knows_waits = monitor->tick() > 0;
  const napi_value kernel_waits = JsBoolean(env, knows_waits);
  const napi_value tick_ms = JsMs(env, static_cast<double>(monitor->tick()));
  const napi_value can_spill = JsBoolean(env, knows_waits && early_socket::Available());
  if (kernel_waits == nullptr || tick_ms == nullptr || can_spill == nullptr) return nullptr;
  const napi_property_descriptor table[] = {
      Function("start", Start, monitor),
      Function("stop", Stop, monitor),
      Function("setFactor", SetFactor, monitor),
      Function("lag", Lag, monitor),
      Function("delay", Delay, monitor),
      Function("isBusy", IsBusy, monitor),
      Function("loopDelay", LoopDelay, monitor),
      Function("meanTurn", MeanTurn, monitor),
      Function("takeLongestTurn", TakeLongestTurn, monitor),
      Function("utilization", Utilization, monitor),
      Function("connectionAge", ConnectionAge, monitor),
      Function("requestWait", RequestWait, monitor),
      Function("wasQueued", WasQueued, monitor),
      Function("watchListeners", WatchListeners, monitor),
      Function("createController", CreateController, monitor->live_controllers()),
      Function("createSpill", CreateSpill, monitor->spills()),
      Function("readHead", ReadHead, nullptr),
      Function("createLoopDelay", CreateLoopDelay, monitor),
      Function("createPoolProbe", CreatePoolProbe, nullptr),
      Function("createConcurrency", CreateConcurrency, monitor),
      Constant("kernelWaits", kernel_waits),
      Constant("tickMs", tick_ms),
      Constant("canSpill", can_spill),
  };
  const napi_status status =
      napi_define_properties(env, exports, sizeof(table) / sizeof(table[0]), table);
  return status == napi_ok ? exports : nullptr;
}

}  // namespace spillway
