#include "binding/loop_delay.h"

#include <uv.h>

#include <memory>

#include "binding/call.h"
#include "binding/object.h"
#include "loop/loop_monitor.h"
#include "loop/turn_window.h"
#include "loop/turns.h"

namespace spillway {
namespace {

/// A window over the turns of one loop. It may be destroyed after the monitor, but not used.
class LoopDelay final : public TurnListener {
 public:
  explicit LoopDelay(LoopMonitor* monitor)
      : monitor_(monitor), window_(uv_hrtime()), turns_(monitor->SharedTurns()) {
    turns_->Add(TurnPhase::kJudge, this);
  }
  ~LoopDelay() { turns_->Remove(TurnPhase::kJudge, this); }

  void OnTurn(TurnPhase /*phase*/, const Turn& turn) override { window_.OnTurn(turn.busy); }

  TurnWindow::Delay Take() { return window_.Take(uv_hrtime(), monitor_->TurnSoFar()); }

 private:
  LoopMonitor* const monitor_;
  TurnWindow window_;
  const std::shared_ptr<Turns> turns_;
};

Napi::Value TakeDelay(const Napi::CallbackInfo& info) {
  const TurnWindow::Delay delay = Self<LoopDelay>(info).Take();
  return ObjectBuilder(info.Env())
      .SetNumber("mean", delay.mean / kNsPerMs)
      .SetNumber("p99", delay.p99 / kNsPerMs)
      .SetNumber("max", delay.max / kNsPerMs)
      .Build();
}

}  // namespace

Napi::Value CreateLoopDelay(const Napi::CallbackInfo& info) {
  return OwningFunction<TakeDelay>(info.Env(), "loopDelay",
                                   std::make_unique<LoopDelay>(&Self<LoopMonitor>(info)));
}

}  // namespace spillway
