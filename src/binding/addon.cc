// The addon's exports, which Init() lists. Times in their arguments and results are in ms, unless a
// name ends in Ns.

#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "accept_queue/client_address.h"
#include "binding/call.h"
#include "binding/concurrency.h"
#include "binding/controller.h"
#include "binding/descriptors.h"
#include "binding/environment.h"
#include "binding/hot_call.h"
#include "binding/loop_delay.h"
#include "binding/object.h"
#include "binding/pool_probe.h"
#include "binding/shared_numbers.h"
#include "binding/spill.h"
#include "loop/loop_monitor.h"
#include "os/early_socket.h"
#include "os/shared_port.h"

namespace spillway {
namespace {

LoopMonitor& Monitor(const Napi::CallbackInfo& info) { return Self<LoopMonitor>(info); }

template <size_t kCount = 0>
using Call = HotCall<LoopMonitor, kCount>;

// start(intervalMs, factor) -> boolean
Napi::Value Start(const Napi::CallbackInfo& info) {
  return JsBoolean(info, Monitor(info).Start(NsAt(info, 0), NumberAt(info, 1)));
}

Napi::Value Stop(const Napi::CallbackInfo& info) { return JsBoolean(info, Monitor(info).Stop()); }

Napi::Value SetFactor(const Call<1>& call) {
  call.Self().SetFactor(call.Number(0));
  return {};
}

Napi::Value Lag(const Call<>& call) { return call.JsNumber(call.Self().Lag() / kNsPerMs); }

Napi::Value Delay(const Call<>& call) { return call.JsNumber(call.Self().Delay() / kNsPerMs); }

// isBusy(maxLagMs) -> boolean
Napi::Value IsBusy(const Call<1>& call) {
  return call.JsBoolean(call.Self().IsBusy(call.Number(0) * kNsPerMs));
}

// loopDelayNs() -> ns
Napi::Value LoopDelay(const Call<>& call) {
  return call.JsNumber(static_cast<double>(call.Self().TurnSoFar()));
}

// longestWaitNs() -> ns
Napi::Value LongestWait(const Call<>& call) {
  return call.JsNumber(static_cast<double>(call.Self().LongestWait()));
}

Napi::Value MeanTurn(const Call<>& call) {
  return call.JsNumber(call.Self().MeanTurn() / kNsPerMs);
}

Napi::Value TakeLongestTurn(const Call<>& call) {
  return call.JsNumber(static_cast<double>(call.Self().TakeLongestTurn()) / kNsPerMs);
}

Napi::Value Utilization(const Call<>& call) { return call.JsNumber(call.Self().Utilization()); }

// connectionAgeNs(fd) -> ns; negative if the kernel does not report it
Napi::Value ConnectionAge(const Napi::CallbackInfo& info) {
  return JsNumber(info, Monitor(info).ConnectionAge(static_cast<int>(NumberAt(info, 0))));
}

// requestWaitNs(fd, fresh, queuedNs) -> ns; negative if the kernel does not report it
Napi::Value RequestWait(const Call<3>& call) {
  return call.JsNumber(
      call.Self().OnRequest(static_cast<int>(call.Number(0)), call.Flag(1), call.Number(2)));
}

// wasQueued() -> boolean, for the request of the last call of requestWaitNs()
Napi::Value WasQueued(const Call<>& call) { return call.JsBoolean(call.Self().WasQueued()); }

// watchListeners(...fds)
void WatchListeners(const Napi::CallbackInfo& info) {
  std::vector<int> fds(info.Length());
  for (size_t i = 0; i < fds.size(); ++i) fds[i] = static_cast<int>(NumberAt(info, i));
  Monitor(info).WatchListeners(fds);
}

// acceptedNs(listeningFd) -> ns; negative if watchListeners() was not told of it
Napi::Value Accepted(const Napi::CallbackInfo& info) {
  return JsNumber(info, Monitor(info).Accepted(static_cast<int>(NumberAt(info, 0))));
}

// knowsAcceptQueue(listeningFd) -> boolean
Napi::Value KnowsAcceptQueue(const Napi::CallbackInfo& info) {
  const auto fd = static_cast<int>(NumberAt(info, 0));
  return JsBoolean(info, Monitor(info).Queues().Of(fd)->IsKnown());
}

// listenShared(ip, port, backlog, ipv6Only) -> descriptor, or an error of uv, which is negative
Napi::Value ListenShared(const Napi::CallbackInfo& info) {
  const shared_port::Address address{info[0].As<Napi::String>().Utf8Value(),
                                     static_cast<uint16_t>(NumberAt(info, 1)), FlagAt(info, 3)};
  return JsNumber(info, shared_port::Listen(address, static_cast<int>(NumberAt(info, 2))));
}

// acceptAll(listeningFd) -> descriptors of the connections that waited, which the caller then owns
Napi::Value AcceptAll(const Napi::CallbackInfo& info) {
  const auto listening_fd = static_cast<int>(NumberAt(info, 0));
  std::vector<int> fds;
  for (int fd = 0; (fd = early_socket::Accept(listening_fd)) >= 0;) fds.push_back(fd);
  return GiveDescriptors(info.Env(), fds);
}

// clientOfAddress(address) -> the client's name
Napi::Value OfAddress(const Napi::CallbackInfo& info) {
  const std::string address = info[0].As<Napi::String>().Utf8Value();
  return Napi::String::New(info.Env(), ClientOfAddress(address));
}

// clientOfForwarded(header, proxies) -> the client's name; empty if the header does not contain it
Napi::Value OfForwarded(const Napi::CallbackInfo& info) {
  const std::string header = info[0].As<Napi::String>().Utf8Value();
  return Napi::String::New(info.Env(), ClientOfForwarded(header, CountAt(info, 1)));
}

Napi::PropertyDescriptor Constant(const char* name, Napi::Value value) {
  return Napi::PropertyDescriptor::Value(name, value, napi_enumerable);
}

template <auto kFunction>
Napi::PropertyDescriptor Function(Napi::Env env, const char* name, void* data) {
  return Constant(name, NewFunction<kFunction>(env, name, data));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  Environment* environment = Environment::New(env);
  if (environment == nullptr) {
    Napi::Error::New(env, "spillway cannot watch the event loop").ThrowAsJavaScriptException();
    return exports;
  }
  LoopMonitor* monitor = environment->Monitor();
  const bool knows_waits = monitor->TickNs() > 0;
  const bool can_spill = knows_waits && early_socket::Available();
  const double tick_ms = static_cast<double>(monitor->TickNs()) / kNsPerMs;
  // Fails only in a worker that is being terminated, where nothing uses the exports.
  static_cast<void>(exports.DefineProperties({
      Function<Start>(env, "start", monitor),
      Function<Stop>(env, "stop", monitor),
      Function<SetFactor>(env, "setFactor", monitor),
      Function<Lag>(env, "lag", monitor),
      Function<Delay>(env, "delay", monitor),
      Function<IsBusy>(env, "isBusy", monitor),
      Function<LoopDelay>(env, "loopDelayNs", monitor),
      Function<LongestWait>(env, "longestWaitNs", monitor),
      Function<MeanTurn>(env, "meanTurn", monitor),
      Function<TakeLongestTurn>(env, "takeLongestTurn", monitor),
      Function<Utilization>(env, "utilization", monitor),
      Function<ConnectionAge>(env, "connectionAgeNs", monitor),
      Function<RequestWait>(env, "requestWaitNs", monitor),
      Function<WasQueued>(env, "wasQueued", monitor),
      Function<WatchListeners>(env, "watchListeners", monitor),
      Function<Accepted>(env, "acceptedNs", monitor),
      Function<KnowsAcceptQueue>(env, "knowsAcceptQueue", monitor),
      Function<ListenShared>(env, "listenShared", nullptr),
      Function<AcceptAll>(env, "acceptAll", nullptr),
      Function<OfAddress>(env, "clientOfAddress", nullptr),
      Function<OfForwarded>(env, "clientOfForwarded", nullptr),
      Function<CreateController>(env, "createController", monitor),
      Function<CreateSpill>(env, "createSpill", environment),
      Function<ReadHead>(env, "readHead", nullptr),
      Function<ReadPriority>(env, "readPriority", nullptr),
      Function<CreateLoopDelay>(env, "createLoopDelay", monitor),
      Function<CreatePoolProbe>(env, "createPoolProbe", nullptr),
      Function<CreateConcurrency>(env, "createConcurrency", monitor),
      Constant("turnNumber", SharedNumbers::ToJs(env, environment->TurnNumber())),
      Constant("kernelWaits", Napi::Boolean::New(env, knows_waits)),
      Constant("tickMs", Napi::Number::New(env, tick_ms)),
      Constant("canSpill", Napi::Boolean::New(env, can_spill)),
  }));
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace spillway
