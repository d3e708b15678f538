#pragma once

#include <algorithm>
#include <cstdint>

#include "concurrency/sample.h"

namespace spillway {

/// A number of handlers that start one after the other, and their response times. All of them are
/// timed: among those that end within a given time, the fast ones would be overrepresented. Times
/// are ns.
class Cohort final {
 public:
  Cohort() = default;
  Cohort(uint64_t now, uint32_t size) : size_(size), first_(now), last_(now) {}

  void Begin(uint64_t now) {
    if (begun_ == size_ || now < first_) return;
    ++begun_;
    last_ = now;
    starts_ += static_cast<double>(now - first_);
  }
  void End(uint64_t now, uint64_t began, bool served) {
    if (!Has(began) || ended_ == begun_) return;
    ++ended_;
    starts_ -= static_cast<double>(began - first_);
    responses_ += static_cast<double>(now - began);
    if (served) sample_.Add(static_cast<double>(now - began));
  }

  /// Accepts no more handlers, unless there are fewer than `fewest`.
  void Close(uint32_t fewest) { size_ = std::min(size_, std::max(begun_, fewest)); }

  bool Has(uint64_t began) const { return begun_ > 0 && began >= first_ && began <= last_; }
  /// Whether all of them have started.
  bool Closed() const { return begun_ >= size_; }
  double SinceLast(uint64_t now) const { return static_cast<double>(now - last_); }
  bool Complete() const { return ended_ >= size_; }
  uint32_t Begun() const { return begun_; }
  uint32_t Ended() const { return ended_; }
  /// The sum of their response times so far; handlers that have not ended count with their age.
  double SumNs(uint64_t now) const {
    return responses_ + (begun_ - ended_) * static_cast<double>(now - first_) - starts_;
  }
  uint32_t Size() const { return size_; }
  const Sample& Responses() const { return sample_; }

 private:
  uint32_t size_ = 0;
  uint32_t begun_ = 0;
  uint32_t ended_ = 0;
  double starts_ = 0;     // start times of those in flight, relative to the first, ns
  double responses_ = 0;  // response times of those that have ended, ns
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  Sample sample_;
};

}  // namespace spillway
