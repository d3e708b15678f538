#pragma once

#include <cstdint>

namespace spillway {

/// A period in which a class gets fewer requests in flight than it needs, so that a shared queue
/// drains and the no-load response time can be measured. Only requests that began after the queue
/// had drained count.
class Probe final {
 public:
  /// Enough responses to average out noise, and few enough for a short probe.
  static constexpr uint32_t kResponses = 8;
  static constexpr uint32_t kFewest = 2;

  void Begin(uint64_t now) {
    running_ = true;
    begun_ = now;
    measure_from_ = UINT64_MAX;
    count_ = 0;
    sum_ = 0;
  }
  void Drained(uint64_t now) { measure_from_ = now; }
  void End() { running_ = false; }

  /// A request that began at `start` was completed. True once the measurement is complete.
  bool Add(uint64_t start, double response_ns) {
    if (!running_ || start < measure_from_) return false;
    sum_ += response_ns;
    return ++count_ == kResponses;
  }

  /// Whether the probe has run for longer than `after_ns`, so the few responses so far must
  /// suffice.
  bool Late(uint64_t now, double after_ns) const {
    return running_ && count_ >= kFewest && static_cast<double>(now - begun_) > after_ns;
  }

  bool Running() const { return running_; }
  double ResponseNs() const { return sum_ / count_; }

 private:
  bool running_ = false;
  uint64_t begun_ = 0;
  uint64_t measure_from_ = 0;
  uint32_t count_ = 0;
  double sum_ = 0;
};

}  // namespace spillway
