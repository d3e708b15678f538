#ifndef SPILLWAY_COHORT_H_
#define SPILLWAY_COHORT_H_

#include <algorithm>
#include <cstdint>

#include "sample.h"

namespace spillway {

/// So many handlers that start one after the other, and the response times of all of them: of
/// those that merely end within some time, the fast ones would be too many.
class Cohort final {
 public:
  Cohort() = default;
  Cohort(uint64_t now, uint32_t size) : size_(size), first_(now), last_(now) {}

  void Begin(uint64_t now) {
    if (begun_ == size_) return;
    ++begun_;
    last_ = now;
  }
  void End(uint64_t now, uint64_t began, bool completed) {
    if (began < first_ || began > last_) return;
    ++ended_;
    if (completed) sample_.Add(static_cast<double>(now - began));
  }

  /// Takes no more than it has, once these are `fewest`.
  void Close(uint32_t fewest) { size_ = std::min(size_, std::max(begun_, fewest)); }

  bool complete() const { return ended_ >= size_; }
  const Sample& sample() const { return sample_; }

 private:
  uint32_t size_ = 0;
  uint32_t begun_ = 0;
  uint32_t ended_ = 0;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  Sample sample_;
};

}  // namespace spillway

#endif  // SPILLWAY_COHORT_H_
