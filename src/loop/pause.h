#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// What the clocks say at one moment, ns.
struct LoopReading {
  uint64_t now;   // uv_hrtime()
  uint64_t idle;  // uv_metrics_idle_time(): time the loop has slept waiting for events
  uint64_t work;  // time in which the loop's thread had a processor, or waited for one
};

/// Finds the time in which the whole process stood still (SIGSTOP, a frozen container, a suspended
/// machine), which is not overload: the clock advanced, and the loop neither worked, nor waited for
/// a processor, nor had reason to sleep.
///
/// One blocking system call of more than a second looks the same, and is likewise left out. So
/// does, where the system does not tell of it, a second's wait for a processor.
class Pause final {
 public:
  /// Shorter gaps are what blocking calls and page faults do to any process, and count as lag.
  static constexpr uint64_t kShortestNs = 1'000'000'000;

  /// `longest_sleep_ns`: the loop never has reason to sleep for longer.
  void Reset(const LoopReading& reading, uint64_t longest_sleep_ns) {
    last_ = reading;
    longest_sleep_ns_ = longest_sleep_ns;
    begin_ = end_ = 0;
  }

  void Observe(const LoopReading& reading) {
    const uint64_t slept = std::min(reading.idle - last_.idle, longest_sleep_ns_);
    const uint64_t worked = reading.work - last_.work;
    const uint64_t elapsed = reading.now - last_.now;
    last_ = reading;
    if (elapsed < worked + slept + kShortestNs) return;
    // The sleep before it is left out with it: while the loop sleeps, nothing waits.
    begin_ = reading.now - (elapsed - worked);
    end_ = reading.now;
  }

  /// The part of [from, to) that the last pause covers, ns.
  uint64_t Overlap(uint64_t from, uint64_t to) const {
    const uint64_t begin = std::max(from, begin_);
    const uint64_t end = std::min(to, end_);
    return end > begin ? end - begin : 0;
  }

 private:
  LoopReading last_{};
  uint64_t longest_sleep_ns_ = 0;
  uint64_t begin_ = 0;  // the last pause
  uint64_t end_ = 0;
};

}  // namespace spillway
