#pragma once

#include <algorithm>

namespace spillway {

/// The loop time that one request of a class costs.
///
/// Only the sum over all classes can be measured, one window at a time. The error of a prediction
/// is attributed to the classes in proportion to their part in it, and the changing mix of requests
/// from window to window tells them apart.
class LoopCost final {
 public:
  double Ns() const { return ns_; }

  /// A window has ended. `mean_ns`: the mean cost of its completions, used where nothing better is
  /// known. `most_ns`: an upper bound, because a request cannot cost the loop more time than its
  /// response takes; 0 if unknown.
  void Learn(double predicted_ns, double busy_ns, double completions, double mean_ns,
             double most_ns) {
    if (completions == 0) return;
    if (ns_ == 0) {
      ns_ = mean_ns;
    } else if (predicted_ns > 0) {
      const double part = ns_ * completions / predicted_ns;
      ns_ *= 1 + kCorrected * part * std::min(kMostError, busy_ns / predicted_ns - 1);
    }
    if (most_ns > 0) ns_ = std::min(ns_, most_ns);
  }

 private:
  // The part of an error that is corrected at once. Relative errors above kMostError count as
  // kMostError, because a pause of the loop is not the cost of a request.
  static constexpr double kCorrected = 0.3;
  static constexpr double kMostError = 1;

  double ns_ = 0;
};

}  // namespace spillway
