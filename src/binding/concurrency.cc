// The limit of one stream as JavaScript holds it. Times that cross are in ns.

#include "binding/concurrency.h"

#include <uv.h>

#include <memory>

#include "binding/js_call.h"
#include "binding/js_object.h"
#include "concurrency/concurrency_limit.h"
#include "loop/loop_monitor.h"

namespace spillway {
namespace {

constexpr double kNsPerSecond = 1e9;

struct Concurrency {
  const LoopMonitor* monitor;
  ConcurrencyLimit limit;
};

template <size_t N>
using Call = JsSharedCall<Concurrency, N>;

// begin() -> the moment, to be given to end()
napi_value Begin(napi_env env, napi_callback_info info) {
  const Call<0> call(env, info);
  if (!call) return nullptr;
  const uint64_t now = uv_hrtime();
  call->limit.Begin(now);
  return JsNumber(env, static_cast<double>(now));
}

// end(began, completed) -> the limit
napi_value End(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  if (!call) return nullptr;
  // By the turns of late, each of which counts: the smoothed lag of a timer that comes twice a
  // second would remember one long turn for seconds.
  call->limit.End(uv_hrtime(), call.Ns(0), call[1] != 0, call->monitor->MeanTurn());
  return JsNumber(env, call->limit.limit());
}

// The same with the time as an argument, for a simulation: beginAt(now)
napi_value BeginAt(napi_env env, napi_callback_info info) {
  const Call<1> call(env, info);
  if (call) call->limit.Begin(call.Ns(0));
  return nullptr;
}

// endAt(now, began, completed, turn) -> the limit
napi_value EndAt(napi_env env, napi_callback_info info) {
  const Call<4> call(env, info);
  if (!call) return nullptr;
  call->limit.End(call.Ns(0), call.Ns(1), call[2] != 0, call[3]);
  return JsNumber(env, call->limit.limit());
}

// snapshot() -> its figures; the rate is per second
napi_value Snapshot(napi_env env, napi_callback_info info) {
  const Call<0> call(env, info);
  if (!call) return nullptr;
  const ConcurrencyLimit& controller = call->limit;
  return JsObject(env, {{"limit", JsNumber(env, controller.limit())},
                        {"probing", JsBoolean(env, controller.probing())},
                        {"capacity", JsNumber(env, controller.capacity() * kNsPerSecond)},
                        {"responseNs", JsNumber(env, controller.response_ns())}});
}

}  // namespace

napi_value CreateConcurrency(napi_env env, napi_callback_info info) {
  const JsCall<LoopMonitor, 0> call(env, info);
  if (!call) return nullptr;
  const auto concurrency = std::make_shared<Concurrency>(Concurrency{call.self(), {}});
  napi_value object = nullptr;
  if (napi_create_object(env, &object) != napi_ok) return nullptr;
  const bool complete = AddFunction(env, object, "begin", Begin, concurrency) &&
                        AddFunction(env, object, "end", End, concurrency) &&
                        AddFunction(env, object, "beginAt", BeginAt, concurrency) &&
                        AddFunction(env, object, "endAt", EndAt, concurrency) &&
                        AddFunction(env, object, "snapshot", Snapshot, concurrency);
  return complete ? object : nullptr;
}

}  // namespace spillway
