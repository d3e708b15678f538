#pragma once

#include <algorithm>

namespace spillway {

/// The mean of a rate over a time that the caller chooses. Recent measurements count for more. The
/// first one counts as it is, instead of being averaged with 0.
class SmoothedRate final {
 public:
  SmoothedRate() = default;
  /// A rate that was measured for `age_ns`.
  SmoothedRate(double rate, double age_ns) : rate_(rate), age_(age_ns) {}

  /// The time over which to average a rate of completions. It is about three windows of 100 ms, to
  /// level out the noise of their few completions, plus two response times, because slow requests
  /// may complete in waves. If the error of the rate is still above 10 %, it is as much as it takes
  /// to reduce the error to 10 %, but at most 40 response times.
  ///
  /// `relative_variance`: of the response times.
  static double MemoryNs(double rate, double response_ns, double relative_variance) {
    const double least = kMemoryNs + kMemoryResponses * response_ns;
    const double needed = relative_variance / (kMemoryError * kMemoryError);
    const double most = kMemoryMostResponses * response_ns;
    return std::max(least, rate > 0 ? std::min(needed / rate, most) : 0);
  }

  /// `rate`: of the last `elapsed_ns`. Averages over `memory_ns`.
  void Add(double rate, double elapsed_ns, double memory_ns) {
    rate_ += elapsed_ns / (elapsed_ns + age_) * (rate - rate_);
    age_ = std::min(memory_ns, age_ + elapsed_ns);
  }
  /// The rate has changed: the next measurement replaces it.
  void Forget() { age_ = 0; }
  /// Replaces the rate by one that is known from elsewhere, and counts for as much.
  void Set(double rate) { rate_ = rate; }
  /// Takes away this share of it, 0 to 1, and returns it.
  SmoothedRate Split(double share) {
    const SmoothedRate part(share * rate_, age_);
    rate_ -= part.rate_;
    return part;
  }

  double Get() const { return rate_; }

 private:
  static constexpr double kMemoryNs = 250e6;
  static constexpr double kMemoryResponses = 2;
  static constexpr double kMemoryError = 0.1;
  static constexpr double kMemoryMostResponses = 40;

  double rate_ = 0;
  double age_ = 0;
};

}  // namespace spillway
