#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

/// The delay limit: how long a request may have waited before its handler runs. Times are ns.
///
/// A queue stands if most waits of a whole interval are long and no pause of the loop explains
/// them. While it stands, waits are kept below a quarter of the limit instead of at the limit.
/// CoDel (RFC 8289) looks at the shortest wait of an interval instead; here a single request that
/// did not wait would hide the queue.
///
/// There are two queues: the accept queue, and that of the connections accepted earlier. A wait in
/// one says nothing about the other. If the length of the accept queue is reported, the waits of
/// its connections count too.
class QueueDelay final {
 public:
  QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns);

  /// `light`: the request's class needs less than an equal share of the loop, so it did not cause
  /// the queue.
  bool Admits(uint64_t now, uint64_t wait_ns, bool light) const {
    if (standing_ && !light) return wait_ns <= kept_;
    return wait_ns <= max_delay_ || wait_ns <= max_delay_ + PauseNs(now);
  }

  /// `queued`: the request came through the accept queue. `refused`: by this limit.
  void Saw(uint64_t now, uint64_t wait_ns, bool queued, bool refused) {
    Waits& waits = queued ? accepted_ : kept_alive_;
    ++waits.seen;
    waits.late += wait_ns > LateNs(now);
    waits.refused += refused;
  }
  /// `count` connections were refused from the accept queue.
  void Spilled(uint32_t count) {
    accepted_.seen += count;
    accepted_.refused += count;
  }

  /// `length` connections wait to be accepted. Several servers may report in one turn; the longest
  /// queue counts, because each server accepts one connection a turn.
  void Queued(uint32_t length) { queued_ = std::max(queued_, length); }

  /// `share`: the part of the loop's time that counts until the next turn ends, 0 to 1; below 1
  /// only in a dry run.
  void OnTurn(uint64_t now, uint64_t busy_ns, double share);
  void EndInterval(uint64_t now);

  /// The shortest length of the accept queue in the recent stretches. Connections that came in a
  /// burst and are being worked off are not a standing queue.
  uint32_t ShortestRecent() const { return std::min(shortest_of_this_, shortest_of_last_); }

  uint64_t ResolutionNs() const { return resolution_; }
  bool Standing() const { return standing_; }
  /// A request was refused in this interval.
  bool Overdue() const { return accepted_.refused > 0 || kept_alive_.refused > 0; }
  uint64_t LimitNs(uint64_t now) const { return standing_ ? kept_ : max_delay_ + PauseNs(now); }
  /// How long a request can have waited even if there is no queue: the maximum of the rest of a
  /// pause, the running turn, and the clock's resolution.
  uint64_t PauseNs(uint64_t now) const;

 private:
  // Waits in one interval.
  struct Waits {
    uint32_t seen = 0;
    uint32_t late = 0;
    uint32_t refused = 0;
  };

  uint64_t LateNs(uint64_t now) const;
  bool IsLong(const Waits& waits) const;
  uint64_t AcceptWaitNs(uint64_t now) const;

  const uint64_t max_delay_;
  const uint64_t resolution_;
  uint64_t kept_ = 0;
  bool standing_ = false;
  uint64_t stood_at_ = 0;

  uint64_t turn_ended_ = 0;
  double share_ = 1;
  uint64_t pause_ = 0;  // delay by turns, not yet worked off at turn_ended_

  // Lengths of the accept queue: in this turn, in this stretch of time and in the one before.
  uint32_t queued_ = 0;
  uint32_t shortest_of_this_ = UINT32_MAX;
  uint32_t shortest_of_last_ = UINT32_MAX;
  uint64_t stretch_begun_ = 0;

  // In this interval.
  uint64_t interval_begun_ = 0;
  uint32_t turns_ = 0;
  uint32_t shortest_queue_ = UINT32_MAX;
  Waits accepted_;
  Waits kept_alive_;
};

}  // namespace spillway
