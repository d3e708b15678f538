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
  /// `served`: its response time counts.
  void End(uint64_t now, uint64_t began, bool served) {
    if (!Has(began) || ended_ == begun_) return;
    ++ended_;
    starts_ -= static_cast<double>(began - first_);
    responses_ += static_cast<double>(now - began);
    longest_ = std::max(longest_, static_cast<double>(now - began));
    if (served) sample_.Add(static_cast<double>(now - began));
  }

  /// Accepts no more handlers, unless there are fewer than `fewest`.
  void Close(uint32_t fewest) { size_ = std::min(size_, std::max(begun_, fewest)); }

  /// Was given a size above 0, and not closed before the first handler started.
  bool Running() const { return size_ > 0; }
  bool Has(uint64_t began) const { return begun_ > 0 && began >= first_ && began <= last_; }
  /// Whether all of them have started.
  bool Closed() const { return begun_ >= size_; }
  bool Complete() const { return ended_ >= size_; }
  /// All have ended, or the last ones seem never to end: they take several times longer than all
  /// others, and than `long_ns`.
  bool Over(uint64_t now, double long_ns) const {
    return Complete() || (Closed() && Since(now, last_) > kPatience * std::max(longest_, long_ns));
  }
  double AgeNs(uint64_t now) const { return Since(now, first_); }
  uint32_t Begun() const { return begun_; }
  uint32_t Ended() const { return ended_; }
  /// The sum of their response times so far; handlers that have not ended count with their age.
  double SumNs(uint64_t now) const {
    return responses_ + (begun_ - ended_) * Since(now, first_) - starts_;
  }
  uint32_t Size() const { return size_; }
  const Sample& Responses() const { return sample_; }
  /// The response times, in which handlers that have not ended count with their mean age.
  Sample ResponsesSoFar(uint64_t now) const {
    Sample all = sample_;
    const double unfinished = begun_ - ended_;
    const double age = Since(now, first_) - starts_ / std::max(1.0, unfinished);
    for (uint32_t i = ended_; i < begun_; ++i) all.Add(age);
    return all;
  }

 private:
  static constexpr double kPatience = 4;

  static double Since(uint64_t now, uint64_t then) { return static_cast<double>(now - then); }

  uint32_t size_ = 0;
  uint32_t begun_ = 0;
  uint32_t ended_ = 0;
  double starts_ = 0;     // start times of those in flight, relative to the first, ns
  double responses_ = 0;  // response times of those that have ended, ns
  double longest_ = 0;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  Sample sample_;
};

}  // namespace spillway
