#pragma once

#include <uv.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "loop/turn.h"
#include "os/clocks.h"

namespace spillway {

/// When a turn ends, all listeners of one phase are notified before those of the next.
///
/// The order matters: the admission controllers judge a turn by the length of its accept queues, so
/// the queues are read first; and the spills refuse connections according to the controllers'
/// newest decisions, so they act last. Only kAct may run JavaScript. That may add and remove
/// listeners of the other phases, and even run the event loop, and so start the phases again.
enum class TurnPhase : uint8_t {
  kReadQueues,  // reads the accept queues and reports their lengths to the admission controllers
  kJudge,       // admission controllers and delay windows learn how long the turn was
  kAct,         // the spills refuse and hand over connections
};

/// Is notified of the turns of one loop.
class TurnListener {
 public:
  TurnListener() = default;
  TurnListener(const TurnListener&) = delete;
  TurnListener& operator=(const TurnListener&) = delete;

  virtual void OnTurn(TurnPhase phase, const Turn& turn) = 0;
  /// Whether the listener must act soon even if nothing happens on the loop, and even if the loop
  /// is not being measured. Called only for listeners of kAct.
  virtual bool NeedsTurn() const { return false; }

 protected:
  ~TurnListener() = default;
};

/// The listeners to one loop's turns. LoopMonitor and the listeners share it, because either may
/// outlive the other.
class Turns final {
 public:
  /// The listener must remove itself before it is destroyed, and not while its phase runs.
  void Add(TurnPhase phase, TurnListener* listener);
  void Remove(TurnPhase phase, TurnListener* listener);

  /// A measured turn has ended: runs the first two phases.
  void Measured(const Turn& turn);
  /// Runs the last phase. If turns are not being measured, it is called as long as a listener needs
  /// it, with a `busy` of 0.
  void Act(const Turn& turn);
  bool AnyNeedsTurn() const;

  /// uv_hrtime(), or up to one tick of the system clock (at most 10 ms) less: an exact clock is
  /// costly, and in a turn shorter than a tick the time at which the turn began is close enough.
  uint64_t Now() const { return CoarseNowNs() > began_at_ ? uv_hrtime() : began_at_; }

 private:
  static constexpr size_t kPhases = 3;

  void Tell(TurnPhase phase, const Turn& turn);

  std::array<std::vector<TurnListener*>, kPhases> listeners_;
  uint64_t began_at_ = 0;  // the turn that runs now
};

}  // namespace spillway
