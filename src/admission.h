#pragma once

#include <array>
#include <cstdint>

#include "class_limit.h"
#include "queue_delay.h"

namespace spillway {

enum class Verdict : uint8_t { kAdmit, kQueueDelay, kInFlight, kMaxInFlight };

// Only what was completed counts as done. Abandoned: the client left. Detached: an upgrade or an
// event stream, which lasts as long as it likes and so says nothing about service.
enum class Outcome : uint8_t { kCompleted, kAbandoned, kDetached };

// The admission law. Times are ns of one monotonic clock, classes numbers that the caller gives.
// Every request that was admitted must be reported once as departed; one that was refused never.
class Admission final {
 public:
  static constexpr int kClasses = 256;

  struct Options {
    uint64_t maxDelayNs;   // 0: no law, maxInFlight alone
    uint32_t maxInFlight;  // 0: none
    uint64_t tickNs;       // resolution of the waits
  };

  explicit Admission(const Options& options);

  Verdict Arrive(uint64_t now, uint8_t id, uint64_t waitNs);
  void Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome);
  // At the end of each turn of the loop, with the time in it that was not idle.
  void OnTurn(uint64_t now, uint64_t busyNs);

  const ClassLimit& of(uint8_t id) const { return classes_[id]; }
  const QueueDelay& queue() const { return queue_; }
  uint32_t inFlight() const { return inFlight_; }
  double utilization() const { return utilization_; }
  // Completions a second, of all classes together.
  double rate() const { return rate_ * 1e9; }

 private:
  Verdict Judge(uint64_t now, uint8_t id, uint64_t waitNs) const;
  bool Late() const;
  void EndWindow(uint64_t now);
  void LearnCosts();
  void EnforceOne(uint64_t now);
  void Probe(uint64_t now);
  void Drain(uint64_t now);
  void ShareOut();

  template <typename Visit>
  void ForEachClass(Visit visit) {
    for (int i = 0; i < knownCount_; ++i) visit(classes_[known_[i]]);
  }

  const Options options_;
  const double maxDelay_;
  QueueDelay queue_;
  std::array<ClassLimit, kClasses> classes_;
  std::array<bool, kClasses> light_{};
  std::array<uint8_t, kClasses> known_{};
  std::array<bool, kClasses> isKnown_{};
  int knownCount_ = 0;

  uint32_t inFlight_ = 0;
  double burst_ = 0;
  double rate_ = 0;
  uint64_t windowBegun_ = 0;
  uint64_t lastTurn_ = 0;
  uint64_t settled_ = 0;
  bool draining_ = false;
  double busy_ = 0;
  double utilization_ = 0;
};

}  // namespace spillway
