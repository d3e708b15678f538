#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace spillway {

/// How important a request is. The highest level comes first.
enum class Priority : uint8_t { kCritical, kImportant, kNormal, kBackground };

/// Finds the priority level at which the capacity of a bottleneck runs out: the lowest for which
/// the levels above leave something.
///
/// It measures how much of the bottleneck's time the requests of each level ask for, served or not.
/// A level above the cutoff can be served as a whole. Times are ns.
class PriorityCutoff final {
 public:
  static constexpr size_t kLevels = 4;

  enum class Standing : uint8_t {
    kAbove,  // all requests of its level can be served
    kFirst,  // the cutoff is its level, and no requests of a higher one come
    kAt,     // the cutoff is its level
    kBelow,  // the levels above need all of the capacity
  };

  /// A request came that needs `cost_ns` of the bottleneck's time. Call it only while requests have
  /// to be refused.
  void Came(Priority priority, double cost_ns) { asked_[Index(priority)] += cost_ns; }

  Standing Of(Priority priority) const {
    const size_t level = Index(priority);
    if (level < cutoff_) return Standing::kAbove;
    if (level > cutoff_) return Standing::kBelow;
    return above_ > 0 ? Standing::kAt : Standing::kFirst;
  }

  /// The part of the bottleneck's time that the level asks for. Above 1, it asks for more than
  /// there is.
  double Demand(Priority priority) const {
    return time_ > 0 ? demand_[Index(priority)] / time_ : 0;
  }

  Priority Level() const { return static_cast<Priority>(cutoff_); }

  /// A window has ended. If no request came, the bottleneck was not overloaded.
  void EndWindow(double elapsed_ns) {
    const bool any = std::any_of(asked_.begin(), asked_.end(), [](double ns) { return ns > 0; });
    if (!any) {
      calm_ += elapsed_ns;
      if (calm_ > kMemoryNs) *this = PriorityCutoff();
      return;
    }
    calm_ = 0;
    const double kept = kMemoryNs / (kMemoryNs + elapsed_ns);
    time_ = kept * time_ + elapsed_ns;
    for (size_t i = 0; i < kLevels; ++i) demand_[i] = kept * demand_[i] + asked_[i];
    asked_ = {};
    Move();
  }

 private:
  // The cutoff rises above a level if the levels above it need more of the time than kMost, and
  // moves down again once they need less than kLess. The rest is for the level of the cutoff: if
  // requests of the levels above came at random times and needed everything, their queue would grow
  // long.
  static constexpr double kMost = 0.95;
  static constexpr double kLess = 0.9;
  // Long enough for a few dozen requests.
  static constexpr double kMemoryNs = 1e9;

  static size_t Index(Priority priority) { return static_cast<size_t>(priority); }

  void Move() {
    const size_t before = cutoff_;
    cutoff_ = 0;
    above_ = 0;
    while (cutoff_ + 1 < kLevels) {
      const double sum = above_ + demand_[cutoff_];
      if (sum > (cutoff_ + 1 > before ? kLess : kMost) * time_) return;
      above_ = sum;
      ++cutoff_;
    }
  }

  // Weighted sums: each window counts less than the one after it.
  std::array<double, kLevels> demand_{};
  double time_ = 0;
  double above_ = 0;  // demand_ of the levels above the cutoff
  // Until the demand is known.
  size_t cutoff_ = static_cast<size_t>(Priority::kNormal);
  double calm_ = 0;

  std::array<double, kLevels> asked_{};  // in this window
};

}  // namespace spillway
