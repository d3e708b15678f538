#pragma once

#include <algorithm>

namespace spillway {

/// How much of the loop's time the arriving requests need. Times are ns.
class Demand final {
 public:
  /// A window has ended. `arrivals` includes refused requests and connections that still wait to be
  /// accepted. `busy_ns`: busy time of the loop. `arrivals_known`: none of them is hidden in
  /// the kernel.
  void EndWindow(double elapsed_ns, double busy_ns, double arrivals, double completions,
                 bool arrivals_known) {
    const double newest = elapsed_ns / (elapsed_ns + kRecentNs);
    // Connections that are accepted, and then send no request, leave the queue without arriving.
    arrival_rate_ += newest * (std::max(0.0, arrivals) / elapsed_ns - arrival_rate_);
    const double kept = kCostNs / (elapsed_ns + kCostNs);
    busy_ = kept * busy_ + busy_ns;
    completions_ = kept * completions_ + completions;
    const bool no_idle = busy_ns > kNoIdle * elapsed_ns && !arrivals_known;
    busy_for_ = no_idle ? busy_for_ + elapsed_ns : 0;
  }

  /// The loop time that the requests of a second need, in seconds. Above 1, the loop cannot serve
  /// all of them. While nothing has been completed, each request is assumed to need a lot.
  double Load() const { return arrival_rate_ * CostNs(); }
  /// The loop time of a request.
  double CostNs() const { return busy_ / std::max(completions_, kFewest); }

  /// Whether the loop cannot serve all requests. Arrivals that are hidden in the kernel, on
  /// kept-alive connections or where the length of the accept queue is unknown, are not counted;
  /// then a loop that is never idle shows it.
  bool Exceeds() const { return Load() > kOverload || busy_for_ > kRecentNs; }

 private:
  // Arrivals are averaged over the time in which a burst may be worked off.
  static constexpr double kRecentNs = 1e9;
  // The cost of a request is averaged over a longer time, so that a pause counts as what it costs
  // in the long run.
  static constexpr double kCostNs = 5e9;
  // At 0.9 times the capacity, random variation hardly ever leads to a higher load.
  static constexpr double kOverload = 1.1;
  // The loop has not been idle if it was busy for 99 % of the time: turns have some overhead.
  static constexpr double kNoIdle = 0.99;
  static constexpr double kFewest = 0.01;  // completions

  double arrival_rate_ = 0;  // per ns
  double busy_ = 0;
  double completions_ = 0;
  double busy_for_ = 0;
};

}  // namespace spillway
