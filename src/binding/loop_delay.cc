#include "binding/loop_delay.h"

#include <uv.h>

#include <memory>
#include <new>
#include <utility>

#include "binding/js_call.h"
#include "binding/js_object.h"
#include "loop/loop_monitor.h"
#include "loop/turn_window.h"

namespace spillway {
namespace {

constexpr double kNsPerMs = 1e6;

/// A window, and its place among those that are told of each turn. May outlive the monitor, if not
/// as anything that can be called.
class LoopDelay final {
 public:
  explicit LoopDelay(LoopMonitor* monitor)
      : monitor_(monitor), window_(uv_hrtime()), live_(*monitor->live_windows()) {
    live_->Add(&window_);
  }
  ~LoopDelay() { live_->Remove(&window_); }
  LoopDelay(const LoopDelay&) = delete;
  LoopDelay& operator=(const LoopDelay&) = delete;

  TurnWindow::Delay Take() { return window_.Take(uv_hrtime(), monitor_->TurnSoFar()); }

 private:
  LoopMonitor* const monitor_;
  TurnWindow window_;
  const std::shared_ptr<LiveSet<TurnWindow>> live_;
};

napi_value TakeDelay(napi_env env, napi_callback_info info) {
  const JsCall<LoopDelay, 0> call(env, info);
  if (!call) return nullptr;
  const TurnWindow::Delay delay = call->Take();
  return JsObject(env, {{"mean", JsNumber(env, delay.mean / kNsPerMs)},
                        {"p99", JsNumber(env, delay.p99 / kNsPerMs)},
                        {"max", JsNumber(env, delay.max / kNsPerMs)}});
}

}  // namespace

napi_value CreateLoopDelay(napi_env env, napi_callback_info info) {
  const JsCall<LoopMonitor, 0> call(env, info);
  if (!call) return nullptr;
  std::unique_ptr<LoopDelay> delay(new (std::nothrow) LoopDelay(call.self()));
  return JsFunctionOf(env, "loopDelay", TakeDelay, std::move(delay));
}

}  // namespace spillway
