#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace spillway {

/// Gives the requests of one turn of the loop equal chances of a free place.
///
/// The system reports connections that were active in the last turn before the others. If the first
/// requests of a turn took the free places, the busiest clients would get nearly all of them. So
/// each request gets a place with the probability of free places over requests still to come
/// (selection sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
class EqualChances final {
 public:
  /// A request comes in turn number `turn`. `mean`: how many of them come in such a turn on
  /// average.
  void Came(uint64_t turn, double mean) {
    if (turn != turn_) {
      turn_ = turn;
      // The mean of a zero-truncated Poisson distribution: at least one has come.
      const double most = kAllowance * mean;
      left_ = most > 0 ? most / -std::expm1(-most) : 1;
    } else {
      left_ -= 1;
    }
  }

  /// Whether the request that has just come gets one of the free places.
  bool Draw(uint32_t free) { return Uniform() * std::max(1.0, left_) < free; }

 private:
  // If more requests come than the sampling provides for, the last ones find no place. If fewer
  // come, places remain free until the next turn. Twice the mean is rarely exceeded.
  static constexpr double kAllowance = 2;

  /// In [0, 1[: a linear congruential generator (Knuth's MMIX). Its upper bits are good enough
  /// here.
  double Uniform() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return std::ldexp(static_cast<double>(state_ >> 11U), -53);
  }

  uint64_t turn_ = 0;
  double left_ = 1;  // requests that the turn may still bring, with the one that has just come
  uint64_t state_ = 1;
};

}  // namespace spillway
