// What JavaScript may call. It has checked the arguments; times that cross are in ms.

#include <napi.h>
#include <uv.h>

#include <utility>
#include <vector>

#include "loop_monitor.h"
#include "socket_queue.h"

namespace spillway {
namespace {

constexpr double kNsPerMs = 1e6;

LoopMonitor& Monitor(const Napi::CallbackInfo& info) {
  return *static_cast<LoopMonitor*>(info.Data());
}

double Double(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().DoubleValue();
}

int Int(const Napi::CallbackInfo& info, size_t index) {
  return info[index].As<Napi::Number>().Int32Value();
}

Napi::Value Ms(const Napi::CallbackInfo& info, double ns) {
  return Napi::Number::New(info.Env(), ns / kNsPerMs);
}

// start(intervalMs, factor) -> boolean
Napi::Value Start(const Napi::CallbackInfo& info) {
  const bool started = Monitor(info).Start(static_cast<uint64_t>(Double(info, 0)), Double(info, 1));
  return Napi::Boolean::New(info.Env(), started);
}

Napi::Value Stop(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), Monitor(info).Stop());
}

void SetFactor(const Napi::CallbackInfo& info) { Monitor(info).SetFactor(Double(info, 0)); }

Napi::Value Lag(const Napi::CallbackInfo& info) { return Ms(info, Monitor(info).Lag()); }

Napi::Value Delay(const Napi::CallbackInfo& info) { return Ms(info, Monitor(info).Delay()); }

Napi::Value LoopDelay(const Napi::CallbackInfo& info) {
  return Ms(info, static_cast<double>(Monitor(info).TurnSoFar()));
}

Napi::Value MeanTurn(const Napi::CallbackInfo& info) { return Ms(info, Monitor(info).MeanTurn()); }

Napi::Value TakeLongestTurn(const Napi::CallbackInfo& info) {
  return Ms(info, static_cast<double>(Monitor(info).TakeLongestTurn()));
}

Napi::Value Utilization(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Monitor(info).Utilization());
}

// requestWait(fd) -> ms, or below 0 where the kernel does not know
Napi::Value RequestWait(const Napi::CallbackInfo& info) {
  return Ms(info, Monitor(info).OnRequest(Int(info, 0)));
}

// acceptQueue(fd) -> { length, limit } or undefined
Napi::Value AcceptQueue(const Napi::CallbackInfo& info) {
  const auto queue = socket_queue::ReadAcceptQueue(Int(info, 0));
  if (!queue) return info.Env().Undefined();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("length", queue->length);
  result.Set("limit", queue->limit);
  return result;
}

// watchListeners(fds: number[])
void WatchListeners(const Napi::CallbackInfo& info) {
  const Napi::Array array = info[0].As<Napi::Array>();
  std::vector<int> fds(array.Length());
  for (uint32_t i = 0; i < fds.size(); i++) {
    fds[i] = array.Get(i).As<Napi::Number>().Int32Value();
  }
  Monitor(info).WatchListeners(std::move(fds));
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

LoopMonitor* NewMonitor(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  LoopMonitor* monitor = LoopMonitor::New(loop);
  if (monitor == nullptr) return nullptr;
  if (napi_add_async_cleanup_hook(env, OnEnvCleanup, monitor, nullptr) == napi_ok) return monitor;
  monitor->Close([](void*) {}, nullptr);
  return nullptr;
}

template <auto callback>
void Export(Napi::Object exports, const char* name, void* data) {
  exports.Set(name, Napi::Function::New<callback>(exports.Env(), name, data));
}

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  LoopMonitor* monitor = NewMonitor(env);
  if (monitor == nullptr) {
    Napi::Error::New(env, "spillway: cannot watch the event loop").ThrowAsJavaScriptException();
    return exports;
  }
  Export<Start>(exports, "start", monitor);
  Export<Stop>(exports, "stop", monitor);
  Export<SetFactor>(exports, "setFactor", monitor);
  Export<Lag>(exports, "lag", monitor);
  Export<Delay>(exports, "delay", monitor);
  Export<LoopDelay>(exports, "loopDelay", monitor);
  Export<MeanTurn>(exports, "meanTurn", monitor);
  Export<TakeLongestTurn>(exports, "takeLongestTurn", monitor);
  Export<Utilization>(exports, "utilization", monitor);
  Export<RequestWait>(exports, "requestWait", monitor);
  Export<AcceptQueue>(exports, "acceptQueue", monitor);
  Export<WatchListeners>(exports, "watchListeners", monitor);
  exports.Set("kernelWaits", socket_queue::Available());
  exports.Set("tickMs", static_cast<double>(socket_queue::TickNs()) / kNsPerMs);
  return exports;
}

NODE_API_MODULE(spillway, Init)

}  // namespace spillway
