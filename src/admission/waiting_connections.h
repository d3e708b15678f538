#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace spillway {

/// What the lengths of the accept queue show, if they are reported. Times are ns.
class WaitingConnections final {
 public:
  explicit WaitingConnections(uint64_t max_delay_ns) : every_(max_delay_ns / kMoments) {}

  /// The gate's own accept queue has this length. Several servers may report in one turn; the
  /// longest queue counts, because each server accepts one connection a turn.
  void Report(uint32_t length) {
    reported_ = std::max(reported_, length);
    has_report_ = true;
  }
  /// The longest accept queue of the thread has this length. Counts if there was no report.
  void ReportLongest(uint32_t length) {
    if (!has_report_) reported_ = length;
  }
  void Accepted() { ++accepted_; }
  void Spilled(uint32_t count) { spilled_ += count; }

  void OnTurn(uint64_t now) {
    turn_ended_ = now;
    length_ = reported_;
    reported_ = 0;
    has_report_ = false;
    shortest_of_window_ = std::min(shortest_of_window_, length_);
    if (!is_known_ && length_ > 0) {
      // Those that wait may have come long before.
      is_known_ = true;
      next_ = count_ = 0;
      Remember(now);
    }
    if (now - remembered_at_ >= every_) Remember(now);
  }
  /// Returns by how much the queue has grown in the window.
  double EndWindow() {
    const double growth = length_ - before_;
    before_ = length_;
    shortest_of_window_ = UINT32_MAX;
    return growth;
  }

  /// False where nothing reports lengths, and until a connection has had to wait.
  bool IsKnown() const { return is_known_; }
  /// The shortest length in the window. UINT32_MAX until a turn ends.
  uint32_t ShortestOfWindow() const { return shortest_of_window_; }
  /// An estimate of how many connections have waited for longer than `age_ns`, at most one delay
  /// limit: those that wait, less those that came since. Assumes that connections came evenly
  /// between two turns.
  uint32_t OlderThan(uint64_t age_ns) const {
    const double came = Came() - CameUntil(turn_ended_ - std::min(turn_ended_, age_ns));
    return came < length_ ? length_ - static_cast<uint32_t>(std::lround(std::max(0.0, came))) : 0;
  }
  /// Whether a burst is being worked off: recently, for each connection that came, at least two
  /// were accepted. Refused connections are not progress.
  bool Shrinks() const {
    const Moment& oldest = Oldest();
    const double accepted = accepted_ - oldest.accepted;
    return accepted > 0 && (Came() - oldest.came) * kAcceptedForEach <= accepted;
  }

 private:
  // Moments cover a time of one delay limit.
  static constexpr size_t kMoments = 16;
  static constexpr double kAcceptedForEach = 2;

  /// Connections that have come and that were accepted until then.
  struct Moment {
    uint64_t time = 0;
    double came = 0;
    double accepted = 0;
  };

  double Came() const { return accepted_ + spilled_ + length_; }
  const Moment& Oldest() const { return moments_[count_ < kMoments ? 0 : next_]; }

  double CameUntil(uint64_t time) const {
    Moment after{turn_ended_, Came(), 0};
    for (size_t i = 1; i <= count_; ++i) {
      const Moment& moment = moments_[(next_ + kMoments - i) % kMoments];
      if (moment.time <= time) {
        const auto part = static_cast<double>(time - moment.time) /
                          static_cast<double>(std::max<uint64_t>(1, after.time - moment.time));
        return moment.came + part * (after.came - moment.came);
      }
      after = moment;
    }
    return after.came;
  }

  void Remember(uint64_t now) {
    moments_[next_] = {now, Came(), accepted_};
    next_ = (next_ + 1) % kMoments;
    count_ = std::min(count_ + 1, kMoments);
    remembered_at_ = now;
  }

  const uint64_t every_;
  uint32_t reported_ = 0;  // in this turn
  bool has_report_ = false;
  bool is_known_ = false;
  uint32_t length_ = 0;
  uint64_t turn_ended_ = 0;
  double accepted_ = 0;
  double spilled_ = 0;
  double before_ = 0;

  uint32_t shortest_of_window_ = UINT32_MAX;

  std::array<Moment, kMoments> moments_{};
  size_t next_ = 0;
  size_t count_ = 0;
  uint64_t remembered_at_ = 0;
};

}  // namespace spillway
