#pragma once

#include <algorithm>

namespace spillway {

// The loop time that one request of a class costs. Only the sum over all classes can be measured, a
// window at a time: what was predicted wrong is blamed on each class in proportion to its part, and
// the windows' changing mixtures tell them apart.
class LoopCost final {
 public:
  double Ns() const { return ns_; }

  // `meanNs`: of all completions of the window, where nothing better is known. `mostNs`: a request
  // costs the loop no more than its response takes; 0 where that is unknown.
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
  // Part of an error that is corrected at once, and the largest error believed: a pause is nobody's
  // cost.
  static constexpr double kCorrected = 0.3;
  static constexpr double kMostError = 1;

  double ns_ = 0;
};

}  // namespace spillway
