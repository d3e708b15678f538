#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace spillway {

/// The response time to expect, learned from the most recent responses of a class. Times are ns.
///
/// It is a line through the responses: a + b n, where n is the number of other requests of the
/// class that are in flight at the admission (linear regression, with exponentially decreasing
/// weights). If requests wait for each other, b is the time that each adds; otherwise, it is 0.
class ExpectedResponse final {
 public:
  /// A request is admitted while `others` of its class are in flight.
  void Admitted(uint64_t now, uint32_t others) {
    admissions_[next_++ % kRemembered] = {now, static_cast<double>(others)};
  }

  /// A request that was admitted at `since` has ended.
  void Ended(uint64_t now, uint64_t since) {
    const auto ns = static_cast<double>(now - since);
    // A try shows how long a request takes now.
    const bool is_new = mean_ == 0 || since == tried_at_;
    const double weight = is_new ? 1 : 1 / kResponses;
    const double response = (is_new ? ns : std::min(ns, kMostTimes * mean_)) - mean_;
    const double others = OthersAt(since) - mean_others_;
    mean_ += weight * response;
    mean_others_ += weight * others;
    variance_ = (1 - weight) * (variance_ + weight * others * others);
    covariance_ = (1 - weight) * (covariance_ + weight * others * response);
  }

  /// For a request that comes while `others` of its class are in flight; 0 if no response is known.
  /// Requests that come later may delay it too; the margin is for these.
  double Ns(uint32_t others) const {
    const double most = mean_ / (mean_others_ + 1);
    const double slope = std::clamp(covariance_ / (variance_ + kLeastVariance), 0.0, most);
    return mean_ + slope * (kMargin * (others + 1) - (mean_others_ + 1));
  }

  /// A request is expected to be in time.
  void InTime(uint64_t now) { in_time_at_ = now; }
  /// Whether to admit a request that is not: once a second, if no other was. Otherwise an estimate
  /// that is too high would never be corrected.
  bool Try(uint64_t now) {
    if (in_time_at_ == 0) in_time_at_ = now;
    if (now < in_time_at_ + kTryNs) return false;
    in_time_at_ = tried_at_ = now;
    return true;
  }

  static constexpr double kMargin = 1.25;

 private:
  static constexpr double kResponses = 32;
  static constexpr uint64_t kTryNs = 1'000'000'000;
  // If the number in flight varies less than this, its correlation with the responses is chance.
  static constexpr double kLeastVariance = 1;
  // A longer response counts only as that many times the mean: a client may read slowly, which must
  // not change the estimate for others by much. If all responses take much longer, the concurrency
  // limit is enforced, and its capacity shows it.
  static constexpr double kMostTimes = 4;
  static constexpr size_t kRemembered = 64;

  struct Admission {
    uint64_t at = 0;
    double others = 0;
  };

  // For an admission too old to be remembered: of the oldest remembered one.
  double OthersAt(uint64_t time) const {
    Admission found;
    for (size_t i = 1; i <= kRemembered; ++i) {
      const Admission& each = admissions_[(next_ - i) % kRemembered];
      if (each.at == 0) break;
      found = each;
      if (each.at <= time) break;
    }
    return found.others;
  }

  std::array<Admission, kRemembered> admissions_{};
  size_t next_ = 0;
  double mean_ = 0;
  double mean_others_ = 0;
  double variance_ = 0;
  double covariance_ = 0;
  uint64_t in_time_at_ = 0;
  uint64_t tried_at_ = 0;
};

}  // namespace spillway
