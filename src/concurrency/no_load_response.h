#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "concurrency/sample.h"

namespace spillway {

/// The no-load response time R: its mean, ns, and how precisely it is known.
class NoLoadResponse final {
 public:
  bool Known() const { return mean_ > 0; }
  double Ns() const { return mean_; }

  /// The variance of single responses divided by the square of R.
  double RelativeVariance() const { return variance_; }
  /// The standard error of R, relative to R.
  double Error() const { return std::sqrt(RelativeVariance() / std::max(1.0, responses_)); }
  /// Twice the standard error of the difference between R and the mean of `count` responses, ns.
  double DifferenceNs(uint32_t count) const {
    if (!Known()) return 0;
    return kStandardErrors * mean_ * std::sqrt(RelativeVariance() * (1 / responses_ + 1.0 / count));
  }

  /// The same for the mean of a sample, whose variance may be larger than was known.
  double DifferenceNs(const Sample& sample) const {
    if (!Known()) return 0;
    const double known = variance_ * mean_ * mean_;
    const double seen = sample.RelativeVariance() * sample.MeanNs() * sample.MeanNs();
    return kStandardErrors * std::sqrt(known / responses_ + std::max(known, seen) / sample.Count());
  }
  /// Whether the sample shows a queue, if R is known.
  bool IsExceededBy(const Sample& sample) const {
    return Known() && sample.MeanNs() > mean_ + DifferenceNs(sample);
  }

  /// Adds responses that were measured without a queue. If they differ from R, then R has changed.
  void Learn(const Sample& sample) {
    if (sample.Count() == 0) return;
    const double count = sample.Count();
    if (!Known() || Differs(sample)) {
      mean_ = sample.MeanNs();
      responses_ = count;
      variance_ += count / (count + kAssumed) * (sample.RelativeVariance() - variance_);
      return;
    }
    const double part = count / (responses_ + count);
    mean_ += part * (sample.MeanNs() - mean_);
    variance_ += count / (responses_ + count + kAssumed) * (sample.RelativeVariance() - variance_);
    responses_ = std::min(responses_ + count, kRemembered * std::max(1.0, variance_));
  }

  /// Corrects the mean. It is known as precisely as before.
  void Set(double mean_ns) { mean_ = mean_ns; }

  /// The responses so far may have been measured with a queue: new ones count for more.
  void Doubt() { responses_ = std::min(responses_, kDoubted); }

 private:
  static constexpr double kStandardErrors = 2;
  static constexpr double kReplaced = 1.25;
  // The response times of a service vary by this part of R even if R has not changed.
  static constexpr double kSame = 0.05;
  // R is the mean of at most this many responses, so that it follows slow changes.
  static constexpr double kRemembered = 150;
  static constexpr double kDoubted = 8;

  // A few responses say little about their variance. The initial variance is that of exponentially
  // distributed response times, and counts as much as two responses.
  static constexpr double kAssumed = 2;

  bool Differs(const Sample& sample) const {
    const double difference = kReplaced * DifferenceNs(sample) + kSame * mean_;
    return std::abs(sample.MeanNs() - mean_) > difference;
  }

  double mean_ = 0;
  double responses_ = 0;
  double variance_ = 1;
};

}  // namespace spillway
