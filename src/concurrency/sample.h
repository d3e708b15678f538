#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// Mean and variance of response times, ns.
class Sample final {
 public:
  Sample() = default;
  Sample(uint32_t count, double mean_ns, double relative_variance)
      : count_(count),
        sum_(count * mean_ns),
        squares_(count * mean_ns * mean_ns * (1 + relative_variance)) {}

  void Add(double response_ns) {
    ++count_;
    sum_ += response_ns;
    squares_ += response_ns * response_ns;
  }

  uint32_t Count() const { return count_; }
  /// Requires Count() above 0.
  double MeanNs() const { return sum_ / count_; }
  /// The variance divided by the square of the mean.
  double RelativeVariance() const {
    return sum_ > 0 ? std::max(0.0, squares_ * count_ / (sum_ * sum_) - 1) : 0;
  }

 private:
  uint32_t count_ = 0;
  double sum_ = 0;
  double squares_ = 0;
};

}  // namespace spillway
