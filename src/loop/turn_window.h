#pragma once

#include <array>
#include <cstdint>

namespace spillway {

/// How late the loop was, over a span of time, for what may come at any moment: what comes while a
/// turn is running waits for its end, what comes while the loop sleeps does not wait. Pure: every
/// time is an argument, in ns.
class TurnWindow final {
 public:
  struct Delay {
    double mean;
    double p99;  // what one moment in a hundred had to wait
    double max;  // the longest turn
  };

  explicit TurnWindow(uint64_t now) : begin_(now) {}

  /// A turn has ended, after `busy`.
  void OnTurn(uint64_t busy);
  /// The window that ends now, and with it the turn now running, so far; begins the next one.
  Delay Take(uint64_t now, uint64_t running);

 private:
  /// Turns of about the same length: four such buckets for each power of two.
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
  uint64_t told_ = 0;  // of the turn now running, what an earlier window has counted
};

}  // namespace spillway
