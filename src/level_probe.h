#ifndef SPILLWAY_LEVEL_PROBE_H_
#define SPILLWAY_LEVEL_PROBE_H_

#include <algorithm>
#include <cstdint>

#include "cohort.h"
#include "sample.h"

namespace spillway {

/// Measures the response time with fewer in flight: lets them drain to a level, then times so many
/// handlers that start at that level. Times are ns.
class LevelProbe final {
 public:
  struct Plan {
    uint32_t level;     // in flight, without those that never settle
    uint32_t stuck;     // in flight, and may never settle
    uint32_t size;      // handlers to time
    uint32_t fewest;    // of these when they take too long
    double above_ns;     // over once the mean is sure to be above this; 0: above what a queue explains
    double longest_ns;  // so long they may start
    double patience_ns; // what has not settled within several of these never will
  };

  LevelProbe() = default;
  LevelProbe(uint64_t now, uint32_t in_flight, const Plan& plan)
      : plan_(plan), begun_(now), last_(now), longest_(plan.patience_ns) {
    if (in_flight <= limit()) Drained(now);
  }

  /// With none in flight that can settle nothing would ever end the draining.
  uint32_t Limit(uint32_t in_flight) const {
    return drained_ || fresh_ > 0 ? limit() : std::max(limit(), in_flight + 1);
  }

  void Begin(uint64_t now) {
    if (drained_) cohort_.Begin(now);
    else ++fresh_;
  }

  /// True when the probe is complete. `in_flight`: those that are left.
  bool End(uint64_t now, uint64_t began, bool served, uint32_t in_flight) {
    if (drained_) {
      cohort_.End(now, began, served);
      if (static_cast<double>(now - drained_at_) > plan_.longest_ns) cohort_.Close(plan_.fewest);
      return cohort_.complete() || IsAbove(now);
    }
    presence_ += (in_flight + 1) * static_cast<double>(now - last_);
    last_ = now;
    ended_ += served;
    if (began >= begun_ && fresh_ > 0) --fresh_;
    longest_ = std::max(longest_, static_cast<double>(now - began));
    const bool hangs = static_cast<double>(now - begun_) > kPatience * longest_;
    if (hangs && in_flight > limit()) plan_.stuck = in_flight - std::min(in_flight, plan_.level);
    if (in_flight <= limit()) Drained(now);
    return false;
  }

  /// Unless the rate falls with what is in flight, there is a queue.
  bool saturated(double mean_ns) const {
    return plan_.level > 1 && plan_.level / mean_ns > kSaturated * DrainRate();
  }
  uint32_t ended() const { return cohort_.ended(); }
  double ResponseNs(uint64_t now) const { return cohort_.SumNs(now) / std::max(1u, cohort_.ended()); }
  uint32_t level() const { return plan_.level; }
  bool complete() const { return cohort_.complete(); }
  const Sample& sample() const { return cohort_.sample(); }
  /// Of the draining: what was completed per ns, and the same for one in flight.
  double DrainRate() const { return last_ > begun_ ? ended_ / static_cast<double>(last_ - begun_) : 0; }
  double DrainRateOfOne() const { return presence_ > 0 ? ended_ / presence_ : 0; }

 private:
  static constexpr double kPatience = 4;
  static constexpr double kSaturated = 0.65;

  bool IsAbove(uint64_t now) const {
    return cohort_.ended() > 0 && cohort_.SumNs(now) > plan_.above_ns * cohort_.size();
  }
  uint32_t limit() const { return plan_.level + plan_.stuck; }
  void Drained(uint64_t now) {
    drained_ = true;
    drained_at_ = now;
    if (plan_.above_ns == 0) plan_.above_ns = plan_.level / (kSaturated * DrainRate());
    cohort_ = Cohort(now, plan_.size);
  }

  Plan plan_{1, 0, 0, 0, 0, 0, 0};
  bool drained_ = false;
  uint64_t begun_ = 0;
  uint64_t drained_at_ = 0;
  uint64_t last_ = 0;
  double longest_ = 0;
  double presence_ = 0;
  uint32_t fresh_ = 0;
  uint32_t ended_ = 0;
  Cohort cohort_;
};

}  // namespace spillway

#endif  // SPILLWAY_LEVEL_PROBE_H_
