#pragma once

#include <cstdint>

#include "concurrency/level_probe.h"
#include "concurrency/no_load_response.h"

namespace spillway {

/// Measures R, the no-load response time, and X, the capacity, by running fewer handlers. With n in
/// flight the mean response is r(n) = max(R, n / X): as long as responses get shorter with fewer in
/// flight there is a queue, and n / r(n) is X; once they do not, they are R.
///
/// Measure: X is trusted. Runs a part of X R, and less and less while responses get shorter.
/// Test: X has fallen. Fewer slots and a slower service look the same from outside, so it runs a
/// quarter. If responses get shorter there is a queue, and it measures. If they do not, it raises
/// the number again and verifies that responses stay as they are.
///
/// Times are ns, rates per ns.
class ResponseProbe final {
 public:
  /// The state of the stream. Limits are without handlers that never settle; these are `stuck`.
  struct State {
    uint32_t in_flight;
    double limit;
    double before;  // the limit before X fell
    double stuck;
    double capacity;  // X
  };

  const NoLoadResponse& Response() const { return response_; }
  NoLoadResponse& Response() { return response_; }

  void Measure(uint64_t now, const State& state);
  void Test(uint64_t now, const State& state);

  bool Running() const { return phase_ != Phase::kNone; }
  uint32_t Limit(uint32_t in_flight) const { return level_.Limit(in_flight); }
  void Begin(uint64_t now) { level_.Begin(now); }
  /// `in_flight`: those that are left.
  void End(uint64_t now, uint64_t began, bool served, uint32_t in_flight);

  /// After a probe: X, and whether R rose while nothing told X, so that there may be more of it.
  double Capacity() const { return state_.capacity; }
  bool Rose() const { return rose_; }
  /// When to measure again.
  uint64_t DueAt() const { return due_at_; }
  void MakeDue() { due_at_ = 0; }

 private:
  enum class Phase { kNone, kTesting, kVerifying, kMeasuring };

  void Start(uint64_t now, const State& state);
  void BeginTest(uint64_t now, double from);
  void EndTest(uint64_t now);
  void BeginVerify(uint64_t now);
  void EndVerify(uint64_t now);
  void BeginMeasure(uint64_t now, double guess_ns);
  void EndMeasure(uint64_t now);
  void BeginLevel(uint64_t now, LevelProbe::Plan plan);
  void Finish(uint64_t now);
  uint32_t SizeFor(double error) const;
  double MeasureError() const;
  double LongestNs() const;
  bool Steady() const;

  NoLoadResponse response_;
  Phase phase_ = Phase::kNone;
  State state_{};
  LevelProbe level_;
  LevelProbe low_;          // the level before, while verifying
  bool saturated_ = false;  // X was measured with a queue
  bool verified_ = false;
  bool confirming_ = false;
  bool rose_ = false;
  double guess_ns_ = 0;    // R, to be measured
  double trusted_ns_ = 0;  // R before X fell
  double before_ns_ = 0;   // R before the probe
  uint64_t begun_ = 0;
  uint64_t due_at_ = 0;
};

}  // namespace spillway
