#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// The response time to expect, from the most recent responses. Times are ns.
class RecentResponse final {
 public:
  /// A request has taken `ns`, and `in_flight` others of its class are in flight.
  void Add(uint64_t now, double ns, uint32_t in_flight) {
    const double newest = IsRecent(now) ? 1 / kResponses : 1;
    mean_ += newest * (ns - mean_);
    in_flight_ += newest * (in_flight - in_flight_);
    at_ = now;
  }

  /// If fewer requests are in flight than there were on average, the next response is faster
  /// (Little's law, for the same throughput). 0 if none has ended lately.
  double Expected(uint64_t now, uint32_t in_flight) const {
    if (!IsRecent(now)) return 0;
    return mean_ * std::min(1.0, in_flight / std::max(in_flight_, 1.0));
  }

 private:
  // Few, so that the end of a queue shows soon.
  static constexpr double kResponses = 8;
  static constexpr uint64_t kRecentNs = 1'000'000'000;

  bool IsRecent(uint64_t now) const { return at_ > 0 && now < at_ + kRecentNs; }

  double mean_ = 0;
  double in_flight_ = 0;
  uint64_t at_ = 0;
};

}  // namespace spillway
