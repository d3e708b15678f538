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
    const double weight = IsRecent(now) ? 1 / kResponses : 1;
    const double response = static_cast<double>(now - since) - mean_;
    const double others = OthersAt(since) - mean_others_;
    mean_ += weight * response;
    mean_others_ += weight * others;
    variance_ = (1 - weight) * (variance_ + weight * others * others);
    covariance_ = (1 - weight) * (covariance_ + weight * others * response);
    ended_at_ = now;
  }

  /// For a request that comes while `others` of its class are in flight. Requests that come later
  /// may delay it too; the margin is for these.
  ///
  /// 0 if no response is known, or if none is awaited and the last one was long ago: the request
  /// then shows how long one takes now.
  double Ns(uint64_t now, uint32_t others) const {
    if (ended_at_ == 0 || (others == 0 && !IsRecent(now))) return 0;
    const double most = mean_ / (mean_others_ + 1);
    const double slope = std::clamp(covariance_ / (variance_ + kLeastVariance), 0.0, most);
    return mean_ + slope * (kMargin * (others + 1) - (mean_others_ + 1));
  }

  static constexpr double kMargin = 1.25;

 private:
  static constexpr double kResponses = 32;
  static constexpr uint64_t kRecentNs = 1'000'000'000;
  // Of the number in flight. If that hardly varies, chance decides what the responses have in
  // common with it.
  static constexpr double kLeastVariance = 1;
  static constexpr size_t kRemembered = 64;

  struct Admission {
    uint64_t at = 0;
    double others = 0;
  };

  // Of an admission too long ago, it returns the oldest known number.
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

  bool IsRecent(uint64_t now) const { return ended_at_ > 0 && now < ended_at_ + kRecentNs; }

  std::array<Admission, kRemembered> admissions_{};
  size_t next_ = 0;
  double mean_ = 0;
  double mean_others_ = 0;
  double variance_ = 0;
  double covariance_ = 0;
  uint64_t ended_at_ = 0;
};

}  // namespace spillway
