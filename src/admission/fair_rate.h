#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// The fair rate of one bottleneck: how much of its time each client may use, per unit of weight.
///
/// Shares are max-min fair if the sum of min(what a client asks for, the fair rate) is the capacity
/// (Stoica, Shenker, Zhang: "Core-Stateless Fair Queueing", SIGCOMM 1998). That sum is measured: it
/// is what the requests within their clients' shares need. The rate is adapted until they need
/// nearly all of the capacity, by Newton's method: if the rate rises by a factor, so does the part
/// that belongs to clients that ask for more than their share, and nothing else. Rates are parts of
/// the bottleneck's time, 0 to 1; times are ns.
class FairRate final {
 public:
  double Get() const { return rate_; }

  /// A request within its client's share came. It needs `cost_ns` of the bottleneck's time.
  /// `asks_more`: the client has lately asked for more than its share.
  void Within(double cost_ns, bool asks_more) {
    within_ += cost_ns;
    if (asks_more) bound_ += cost_ns;
  }
  /// A request was refused.
  void Refused() { refused_ = true; }

  void EndWindow(double elapsed_ns) {
    const double newest = elapsed_ns / (elapsed_ns + kMemoryNs);
    bound_load_ += newest * (bound_ / elapsed_ns - bound_load_);
    since_refusal_ = refused_ ? 0 : since_refusal_ + elapsed_ns;
    const double missing = kTarget - within_ / elapsed_ns;
    // As long as nothing has to be refused, nothing is known about the rate.
    const bool is_known = since_refusal_ < kMemoryNs;
    const double factor =
        is_known ? 1 + newest * missing / std::max(bound_load_, kLeastBound) : kMost;
    rate_ = std::clamp(rate_ * std::clamp(factor, kLeast, kMost), kLowest, 1.0);
    within_ = bound_ = 0;
    refused_ = false;
  }

 private:
  // The rest of the capacity goes to requests beyond their clients' shares. Without it, the queue
  // of the requests within them would grow long by chance.
  static constexpr double kTarget = 0.9;
  // Long enough for a few dozen requests.
  static constexpr double kMemoryNs = 1e9;
  // If less of the load is bound by the rate, one window says too little about it.
  static constexpr double kLeastBound = 0.3;
  // By how much the rate may change in a window.
  static constexpr double kLeast = 0.7;
  static constexpr double kMost = 1.2;
  // A bottleneck with a million clients.
  static constexpr double kLowest = 1e-6;

  double rate_ = 1;
  double bound_load_ = 0;
  double since_refusal_ = kMemoryNs;

  // In this window.
  double within_ = 0;
  double bound_ = 0;
  bool refused_ = false;
};

}  // namespace spillway
