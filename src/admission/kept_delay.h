#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// The delay to which a queue is kept short: the shortest at which the loop does not run idle.
///
/// It is found while requests are refused. Idle time beside refusals means that too many were
/// refused: the queue ran empty before the next request came, so a longer queue is needed. How long
/// depends on how much the requests' costs and the gaps between them vary. Times are ns.
class KeptDelay final {
 public:
  explicit KeptDelay(uint64_t max_delay_ns)
      : most_(max_delay_ns), least_(max_delay_ns / kLeastPart), kept_(least_) {}

  uint64_t Ns() const { return kept_; }

  /// Between the shortest delay, 0, and the longest, 1.
  double Rise() const {
    return static_cast<double>(kept_ - least_) / static_cast<double>(most_ - least_);
  }

  /// Whether even the longest delay left the loop idle beside refusals, in the last period.
  bool IsTooShort() const { return is_too_short_; }

  /// A queue begins to stand. `load`: see Demand::Load(). The more requests come, the shorter a
  /// queue keeps the loop busy, unless the last queue had to be longer.
  void Begin(double load) {
    const double enough = static_cast<double>(most_) / std::max(1.0, load);
    kept_ = std::max(kept_, static_cast<uint64_t>(enough));
    is_too_short_ = false;
  }

  /// A window has ended. For `busy_ns` of it, the loop was busy.
  void EndWindow(uint64_t elapsed_ns, uint64_t busy_ns, uint32_t arrivals, uint32_t refusals) {
    elapsed_ += elapsed_ns;
    busy_ += busy_ns;
    arrivals_ += arrivals;
    refusals_ += refusals;
    if (elapsed_ < kPeriodNs) return;
    if (refusals_ > 0) Adapt();
    elapsed_ = busy_ = 0;
    arrivals_ = refusals_ = 0;
  }

 private:
  // Long enough to contain several gaps in the work of a loop that is rarely idle.
  static constexpr uint64_t kPeriodNs = 200'000'000;
  // Less idle time than this may be the overhead of turns.
  static constexpr double kIdle = 0.01;
  static constexpr double kRaise = 1.5;
  // Per period and square of the refused share. If few are refused, the load is near the capacity,
  // and a shorter queue runs empty. If most are, the queue refills at once, however short it is.
  static constexpr double kLower = 0.2;
  // A queue of a quarter of the limit costs little, and lets the loop find work.
  static constexpr uint64_t kLeastPart = 4;

  void Adapt() {
    const double idle = 1 - static_cast<double>(busy_) / static_cast<double>(elapsed_);
    const double refused = static_cast<double>(refusals_) / arrivals_;
    is_too_short_ = idle > kIdle && kept_ == most_;
    const double factor = idle > kIdle ? kRaise : 1 - kLower * refused * refused;
    kept_ = std::clamp(static_cast<uint64_t>(static_cast<double>(kept_) * factor), least_, most_);
  }

  const uint64_t most_;
  const uint64_t least_;
  uint64_t kept_;
  bool is_too_short_ = false;

  // In this period.
  uint64_t elapsed_ = 0;
  uint64_t busy_ = 0;
  uint32_t arrivals_ = 0;
  uint32_t refusals_ = 0;
};

}  // namespace spillway
