#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// One reading of the clocks, ns.
struct LoopReading {
  uint64_t now;   // uv_hrtime()
  uint64_t idle;  // time that the loop has slept
  uint64_t work;  // time in which the thread ran, or waited for a processor
};

/// Finds periods in which the whole process was stopped: by SIGSTOP, a frozen container or a
/// suspended machine. They are not overload. In such a period the clock advances, but the loop
/// neither works, nor waits for a processor, nor has reason to sleep.
///
/// A single blocking system call of more than a second cannot be distinguished from such a period,
/// and is excluded too. So is a wait of more than a second for a processor, on systems that do not
/// report such waits.
class Pause final {
 public:
  /// Shorter gaps are normal in any process, because of blocking calls and page faults, and count
  /// as lag.
  static constexpr uint64_t kShortestNs = 1'000'000'000;

  /// `longest_sleep_ns`: the longest time for which the loop has reason to sleep.
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
    // The sleep before the pause is excluded too: nothing waits while the loop sleeps.
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
