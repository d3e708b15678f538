#pragma once

#include <array>
#include <cstdint>

namespace spillway {

/// The event-loop delay in a period of time: how long something that arrives at a random moment
/// waits for the loop. An arrival during a turn waits for the end of the turn; an arrival while the
/// loop sleeps does not wait. Pure: every time is an argument, in ns.
class TurnWindow final {
 public:
  struct Delay {
    double mean;
    double p99;  // 99th percentile
    double max;  // the longest turn
  };

  explicit TurnWindow(uint64_t now) : begin_(now) {}

  /// A turn with the busy time `busy` has ended.
  void OnTurn(uint64_t busy);
  /// Ends the window, which includes the running turn so far, and begins the next one. `running`:
  /// the busy time of that turn so far.
  Delay Take(uint64_t now, uint64_t running);

 private:
  /// Turns of about the same length: four buckets for each power of two.
  struct Bucket {
    double count;
    double sum;
  };
  static constexpr int kPerOctaveBits = 2;
  static constexpr int kBuckets = 64 << kPerOctaveBits;

  static int BucketOf(uint64_t busy);
  void Add(uint64_t busy);
  [[nodiscard]] double Percentile99(double elapsed) const;

  std::array<Bucket, kBuckets> buckets_{};
  uint64_t begin_;
  double squares_ = 0;
  uint64_t max_ = 0;
  uint64_t counted_ = 0;  // busy time of the running turn that an earlier window has counted
};

}  // namespace spillway
