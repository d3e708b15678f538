// JavaScript's interface to the concurrency limit of one stream. Times are in ns.

#include "binding/concurrency.h"

#include <uv.h>

#include <memory>

#include "binding/call.h"
#include "binding/hot_call.h"
#include "binding/object.h"
#include "concurrency/concurrency_limit.h"
#include "loop/loop_monitor.h"

namespace spillway {
namespace {

constexpr double kNsPerSecond = 1e9;

struct Concurrency {
  const LoopMonitor* monitor;
  ConcurrencyLimit limit;
};

using Share = std::shared_ptr<Concurrency>;

template <size_t kCount>
using Call = HotCall<Share, kCount>;

Concurrency& Get(const Napi::CallbackInfo& info) { return *Self<Share>(info); }

// begin() -> the current time, which the caller passes to end()
Napi::Value Begin(const Call<0>& call) {
  // Rounded as JavaScript will return it to End(): a double holds whole ns only up to 104 days.
  const auto now = static_cast<double>(uv_hrtime());
  call.Self()->limit.Begin(static_cast<uint64_t>(now));
  return call.JsNumber(now);
}

// end(began, completed) -> the limit
Napi::Value End(const Call<2>& call) {
  Concurrency& concurrency = *call.Self();
  // Uses the mean of the recent turns, in which each turn counts. The lag comes from a timer that
  // fires twice a second, so a single long turn would count for seconds.
  concurrency.limit.End(uv_hrtime(), call.Ns(0), call.Flag(1), concurrency.monitor->MeanTurn());
  return call.JsNumber(concurrency.limit.Limit());
}

// For simulations, which supply the time: beginAt(now)
void BeginAt(const Napi::CallbackInfo& info) { Get(info).limit.Begin(NsAt(info, 0)); }

// endAt(now, began, completed, turn) -> the limit
Napi::Value EndAt(const Napi::CallbackInfo& info) {
  ConcurrencyLimit& limit = Get(info).limit;
  limit.End(NsAt(info, 0), NsAt(info, 1), FlagAt(info, 2), NumberAt(info, 3));
  return JsNumber(info, limit.Limit());
}

// snapshot() -> the limit's figures; the capacity is per second
Napi::Value Snapshot(const Napi::CallbackInfo& info) {
  const ConcurrencyLimit& limit = Get(info).limit;
  return ObjectBuilder(info.Env())
      .SetNumber("limit", limit.Limit())
      .SetBoolean("probing", limit.Probing())
      .SetNumber("capacity", limit.Capacity() * kNsPerSecond)
      .SetNumber("responseNs", limit.ResponseNs())
      .Build();
}

}  // namespace

Napi::Value CreateConcurrency(const Napi::CallbackInfo& info) {
  const auto concurrency = std::make_shared<Concurrency>(Concurrency{&Self<LoopMonitor>(info), {}});
  return ObjectBuilder(info.Env())
      .SetFunction<Begin>("begin", concurrency)
      .SetFunction<End>("end", concurrency)
      .SetFunction<BeginAt>("beginAt", concurrency)
      .SetFunction<EndAt>("endAt", concurrency)
      .SetFunction<Snapshot>("snapshot", concurrency)
      .Build();
}

}  // namespace spillway
