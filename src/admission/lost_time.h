#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// Busy time of the loop in which its thread did not run: other threads had the processor, such as
/// those of a garbage collection. A thread that always shares its processor is slow, but not held
/// up, so only what is more than usual counts. Times are ns.
class LostTime final {
 public:
  /// `lost_ns`: see Turn. Returns the unusual part.
  uint64_t Unusual(uint64_t now, uint64_t lost_ns) {
    if (lost_ns == 0) return 0;
    const auto elapsed = static_cast<double>(now - reported_at_);
    const auto lost = static_cast<double>(lost_ns);
    const double usual = usual_part_ * elapsed;
    usual_part_ += elapsed / (elapsed + kUsualNs) * (lost / elapsed - usual_part_);
    reported_at_ = now;
    return static_cast<uint64_t>(std::max(0.0, lost - usual));
  }

 private:
  // The time over which the usual part is averaged. A collection must not seem usual while it runs.
  static constexpr double kUsualNs = 5e9;

  uint64_t reported_at_ = 0;
  double usual_part_ = 0;  // of the time
};

}  // namespace spillway
