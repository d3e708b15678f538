#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// How long a request can have waited even if there is no queue, because one turn of the loop was
/// long: a long handler, or a garbage collection. Times are ns.
class LoopPause final {
 public:
  /// `resolution_ns`: shorter waits cannot be told from 0.
  explicit LoopPause(uint64_t resolution_ns) : resolution_(resolution_ns) {}

  /// `share`: the part of the loop's time that counts until the next turn ends, 0 to 1; below 1
  /// only in a dry run.
  void OnTurn(uint64_t now, uint64_t busy_ns, double share) {
    const uint64_t worked_off = (now - turn_ended_) / kWorkedOffPart;
    left_ = std::max(busy_ns, left_ > worked_off ? left_ - worked_off : 0);
    turn_ended_ = now;
    share_ = share;
  }

  /// The longest of the rest of a pause, the running turn, and the resolution.
  uint64_t Ns(uint64_t now) const {
    const double running = turn_ended_ > 0 ? share_ * static_cast<double>(now - turn_ended_) : 0;
    return std::max({resolution_, left_, static_cast<uint64_t>(running)});
  }

  uint64_t ResolutionNs() const { return resolution_; }

 private:
  // If the load is p times the capacity, the server works off the backlog of a pause in p / (1 - p)
  // times the length of the pause. Meanwhile, the waits shrink by (1 - p) / p ms per ms, which is
  // 1/2 for p = 2/3. A busier server gets no larger allowance.
  static constexpr uint64_t kWorkedOffPart = 2;

  const uint64_t resolution_;
  uint64_t turn_ended_ = 0;
  double share_ = 1;
  uint64_t left_ = 0;  // of the delay by long turns, when the last turn ended
};

}  // namespace spillway
