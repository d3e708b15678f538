#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

// Gate 1: how long a request waited before its handler. A queue stands when most waits of a whole
// interval are long and no pause of the loop explains them; then it is kept short instead of at the
// limit. CoDel (RFC 8289) looks at the shortest wait instead, which one request that waited for
// nothing would hide. There are two queues, and what passes through one says nothing of the other:
// the accept queue, and that of the connections accepted before. The wait of what is not accepted
// yet counts too, where it is told.
class QueueDelay final {
 public:
  QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns);

  // `light`: the request's class asks for less than an equal share, so it did not make the queue.
  bool Admits(uint64_t now, uint64_t wait_ns, bool light) const {
    if (standing_ && !light) return wait_ns <= kept_;
    return wait_ns <= max_delay_ || wait_ns <= max_delay_ + PauseNs(now);
  }

  // `queued`: it came through the accept queue.
  void Saw(uint64_t now, uint64_t wait_ns, bool queued, bool refused) {
    Waits& waits = queued ? accepted_ : kept_alive_;
    ++waits.seen;
    waits.late += wait_ns > LateNs(now);
    waits.refused += refused;
  }
  // Refused unseen.
  void Spilled(uint32_t count) {
    accepted_.seen += count;
    accepted_.refused += count;
  }

  // So many connections wait to be accepted. Several servers may tell of a turn; each accepts one.
  void Queued(uint32_t length) { queued_ = std::max(queued_, length); }

  // `share`: the part of the loop's time that is to be looked at, until the next turn ends.
  void OnTurn(uint64_t now, uint64_t busy_ns, double share);
  void EndInterval(uint64_t now);

  // The shortest that the accept queue was of late: what a burst has brought, and is being worked
  // off, does not stand.
  uint32_t ShortestOfLate() const { return std::min(shortest_of_this_, shortest_of_last_); }

  uint64_t ResolutionNs() const { return resolution_; }
  bool Standing() const { return standing_; }
  // Something was refused in this interval.
  bool Overdue() const { return accepted_.refused > 0 || kept_alive_.refused > 0; }
  uint64_t LimitNs(uint64_t now) const { return standing_ ? kept_ : max_delay_ + PauseNs(now); }
  // What a request may have waited without a queue: the rest of a pause, the turn that runs now,
  // the clock's resolution.
  uint64_t PauseNs(uint64_t now) const;

 private:
  // The waits of an interval.
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
  uint64_t pause_ = 0;  // what of the turns until turnEnded_ was not worked off then

  // Of the turn, of this stretch of time and of the one before.
  uint32_t queued_ = 0;
  uint32_t shortest_of_this_ = UINT32_MAX;
  uint32_t shortest_of_last_ = UINT32_MAX;
  uint64_t stretch_begun_ = 0;

  // Of the interval.
  uint64_t interval_begun_ = 0;
  uint32_t turns_ = 0;
  uint32_t shortest_queue_ = UINT32_MAX;
  Waits accepted_;
  Waits kept_alive_;
};

}  // namespace spillway
