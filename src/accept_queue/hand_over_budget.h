#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// Limits how many connections of one kind are handed over to Node: over time they get 5 % of the
/// loop's time, and at most one turn's worth may be handed over at once. A token bucket. Times are
/// ns.
class HandOverBudget final {
 public:
  explicit HandOverBudget(double most_at_once) : most_(most_at_once), credit_(most_at_once) {}

  /// Must be called once a turn. `cost`: the loop time that each connection is expected to take.
  void Grow(uint64_t now, double cost) {
    credit_ = std::min(most_, credit_ + kShare * static_cast<double>(now - grown_at_) / cost);
    grown_at_ = now;
  }

  bool HasRoom() const { return credit_ >= 1; }
  void Take() { credit_ -= 1; }

 private:
  static constexpr double kShare = 0.05;

  const double most_;
  double credit_;  // connections
  uint64_t grown_at_ = 0;
};

}  // namespace spillway
