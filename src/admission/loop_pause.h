#pragma once

#include <algorithm>
#include <cstdint>

#include "admission/lost_time.h"

namespace spillway {

/// How long a request can have waited even if there is no queue, because the loop was held up: by a
/// long handler, by a garbage collection, or because the processor was busy otherwise. Times are
/// ns.
class LoopPause final {
 public:
  /// `resolution_ns`: shorter waits cannot be told from 0.
  LoopPause(uint64_t max_delay_ns, uint64_t resolution_ns)
      : max_delay_(max_delay_ns), resolution_(resolution_ns) {}

  /// `work_ns`: the loop time that the requests begun in this turn usually need. `lost_ns`: see
  /// Turn. `share`: the part of the loop's time that counts until the next turn ends, 0 to 1; below
  /// 1 only in a dry run.
  void OnTurn(uint64_t now, uint64_t busy_ns, double work_ns, uint64_t lost_ns, double share) {
    const uint64_t pause = Without(busy_ns, static_cast<uint64_t>(work_ns));
    const uint64_t lost = lost_time_.Unusual(now, lost_ns);
    const uint64_t more = pause > max_delay_ ? pause : lost;
    const uint64_t elapsed = now - turn_ended_;
    turn_ = std::max(busy_ns, Without(turn_, elapsed / kWorkedOffPart));
    // Nothing is worked off during a pause.
    pauses_ = Without(pauses_, Without(elapsed, more) / kWorkedOffPart) + more;
    pauses_ = std::min(pauses_, kMost * max_delay_);
    turn_ended_ = now;
    share_ = share;
  }

  /// The longest of: the rest of earlier pauses, the rest of a long turn, the running turn, and the
  /// resolution.
  uint64_t Ns(uint64_t now) const {
    const double running = turn_ended_ > 0 ? share_ * static_cast<double>(now - turn_ended_) : 0;
    return std::max({resolution_, turn_, pauses_, static_cast<uint64_t>(running)});
  }

  /// The rest of earlier pauses. The turn in which many requests begin is long, but not a pause.
  uint64_t PausesNs() const { return pauses_; }

  uint64_t ResolutionNs() const { return resolution_; }

 private:
  // Between pauses, the waits shrink by (1 - p) / p ms per ms if the load is p times the capacity:
  // by 1/3 for p = 3/4. A busier server gets no larger allowance.
  static constexpr uint64_t kWorkedOffPart = 3;
  // Pauses that follow each other add up to at most 500 ms by default.
  static constexpr uint64_t kMost = 5;

  static uint64_t Without(uint64_t time, uint64_t less) { return time - std::min(time, less); }

  const uint64_t max_delay_;
  const uint64_t resolution_;
  uint64_t turn_ended_ = 0;
  double share_ = 1;
  LostTime lost_time_;
  // When the last turn ended.
  uint64_t turn_ = 0;
  uint64_t pauses_ = 0;
};

}  // namespace spillway
