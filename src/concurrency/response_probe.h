#pragma once

#include <cstdint>

#include "concurrency/level_probe.h"
#include "concurrency/no_load_response.h"

namespace spillway {

/// Measures the no-load response time R and the capacity X by running fewer handlers. With n in
/// flight, the mean response time is r(n) = max(R, n / X). As long as it falls with n there is a
/// queue, and n / r(n) is X; once it no longer falls, it is R.
///
/// Measure: X is trusted. Runs a part of X R handlers, and fewer for as long as response times
/// fall.
///
/// Test: X has fallen. A smaller pool and a slower service look the same from outside, so the test
/// runs a quarter of the limit. If response times fall there is a queue, and a measurement follows.
/// If they do not, it runs more handlers again to verify that response times stay as they are.
///
/// Times are ns, rates per ns.
class ResponseProbe final {
 public:
  /// The state of the stream. The limits exclude handlers that never settle, which are `stuck`.
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
  /// `in_flight`: how many are left.
  void End(uint64_t now, uint64_t began, bool served, uint32_t in_flight);

  /// The results of a probe: X, and whether R has risen. Rose() is true only if X was not measured;
  /// X may then be higher too.
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
  LevelProbe low_;          // the previous level, while verifying
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
