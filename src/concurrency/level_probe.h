#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "concurrency/cohort.h"
#include "concurrency/sample.h"

namespace spillway {

/// Measures the response time with fewer handlers in flight: lets them drain to a level, and then
/// times a number of handlers that start at that level. Times are ns.
class LevelProbe final {
 public:
  struct Plan {
    uint32_t level;    // handlers in flight, without those that never settle
    uint32_t stuck;    // handlers in flight that may never settle
    uint32_t skipped;  // handlers that start first, to fill the level, and are not timed
    uint32_t size;     // handlers to time, after the skipped ones
    uint32_t fewest;   // handlers to time if they take too long
    // The probe ends early once the mean is clearly above this or, if this is 0, above what a queue
    // can explain.
    double above_ns;
    double spread_ns;    // what "clearly" means: a few standard deviations of a single response
    double longest_ns;   // the time in which handlers may start
    double patience_ns;  // a handler that takes several times this long is assumed never to settle
  };

  LevelProbe() = default;
  LevelProbe(uint64_t now, uint32_t in_flight, const Plan& plan)
      : plan_(plan),
        begun_(now),
        counted_from_(static_cast<uint32_t>(kCounted * in_flight)),
        last_(now),
        longest_(plan.patience_ns) {
    if (in_flight <= Limit()) Drained(now);
  }

  /// Leaves room for one more handler while draining: otherwise the draining would never end if no
  /// handler in flight could settle.
  uint32_t Limit(uint32_t in_flight) const {
    return drained_ || fresh_ > 0 ? Limit() : std::max(Limit(), in_flight + 1);
  }

  void Begin(uint64_t now) {
    if (!drained_) {
      ++fresh_;
    } else if (skipped_ < plan_.skipped) {
      if (++skipped_ == plan_.skipped) cohort_ = Cohort(now + 1, plan_.size);
    } else {
      cohort_.Begin(now);
    }
  }

  /// `in_flight`: how many are left.
  void End(uint64_t now, uint64_t began, bool served, uint32_t in_flight) {
    const auto response = static_cast<double>(now - began);
    if (drained_) {
      cohort_.End(now, began, served);
      longest_ = std::max(longest_, response);
      if (Since(drained_at_, now) > plan_.longest_ns) cohort_.Close(plan_.fewest);
      if (!above_ && cohort_.Ended() > 0 && IsAbove(now)) {
        above_ = true;
        cohort_.Close(0);
      }
      return;
    }
    if (in_flight > counted_from_) {
      last_ = now;
    } else {
      presence_ += (in_flight + 1) * Since(last_, now);
      last_ = now;
      ended_ += served;
    }
    if (began >= begun_ && fresh_ > 0) --fresh_;
    longest_ = std::max(longest_, response);
    if (Since(begun_, now) > kPatience * longest_ && in_flight > Limit())
      plan_.stuck = in_flight - plan_.level;
    if (in_flight <= Limit()) Drained(now);
  }

  /// Also true if the last handlers seem never to settle.
  bool Complete(uint64_t now) const { return drained_ && cohort_.Over(now, longest_); }
  /// The mean is clearly above the given bound, although not all handlers have ended.
  bool Above() const { return above_; }
  /// Handlers that have not ended count with their age.
  double MeanNs(uint64_t now) const { return cohort_.SumNs(now) / std::max(1u, cohort_.Begun()); }
  uint32_t Count() const { return cohort_.Responses().Count(); }
  uint32_t Level() const { return plan_.level; }
  const Sample& Responses() const { return cohort_.Responses(); }
  /// The mean response time during the draining, by Little's law.
  double DrainNs() const { return presence_ / std::max(1u, ended_); }

 private:
  // A handler that takes this many times longer than the longest response so far is assumed never
  // to settle.
  static constexpr double kPatience = 4;
  // The first quarter of the draining is not counted: its handlers may have started before a
  // change.
  static constexpr double kCounted = 0.75;
  // The threshold, relative to the mean response time during the draining. If there is a queue,
  // responses at a quarter of the limit take about half as long; otherwise they take equally long.
  static constexpr double kNotShorter = 0.7;

  bool IsAbove(uint64_t now) const {
    if (plan_.above_ns == 0)
      return ended_ > 0 && cohort_.SumNs(now) > kNotShorter * DrainNs() * cohort_.Size();
    const uint32_t begun = cohort_.Begun();
    return cohort_.SumNs(now) > plan_.above_ns * begun + plan_.spread_ns * std::sqrt(begun);
  }
  static double Since(uint64_t then, uint64_t now) { return static_cast<double>(now - then); }
  uint32_t Limit() const { return plan_.level + plan_.stuck; }
  void Drained(uint64_t now) {
    drained_ = true;
    drained_at_ = now;
    cohort_ = Cohort(now, plan_.size);
  }

  Plan plan_{1, 0, 0, 0, 0, 0, 0, 0, 0};
  bool drained_ = false;
  bool above_ = false;
  uint64_t begun_ = 0;
  uint32_t counted_from_ = 0;
  uint64_t drained_at_ = 0;
  uint64_t last_ = 0;
  double longest_ = 0;
  double presence_ = 0;
  uint32_t fresh_ = 0;
  uint32_t skipped_ = 0;
  uint32_t ended_ = 0;
  Cohort cohort_;
};

}  // namespace spillway
