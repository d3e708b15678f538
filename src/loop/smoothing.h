#pragma once

#include <cmath>
#include <cstdint>

namespace spillway {

/// Exponential smoothing of samples that arrive at irregular times.
///
/// A factor `a` per interval becomes 1 - (1 - a)^(elapsed / interval), so that a sample counts for
/// the time that it represents: one late tick after three intervals weighs as much as three
/// punctual ones.
class Smoothing final {
 public:
  /// `factor` in ]0, 1]; `interval_ns` above 0.
  void Configure(double factor, uint64_t interval_ns) {
    decay_per_ns_ = std::log(1 - factor) / static_cast<double>(interval_ns);  // -inf for factor 1
  }

  /// The part of a value's weight that is left after `elapsed_ns`, [0, 1].
  double Remaining(uint64_t elapsed_ns) const {
    return elapsed_ns == 0 ? 1 : std::exp(decay_per_ns_ * static_cast<double>(elapsed_ns));
  }

  double Next(double value, double sample, uint64_t elapsed_ns) const {
    return sample + (value - sample) * Remaining(elapsed_ns);
  }

 private:
  double decay_per_ns_ = 0;
};

}  // namespace spillway
