#ifndef SPILLWAY_QUEUE_DELAY_H_
#define SPILLWAY_QUEUE_DELAY_H_

#include <algorithm>
#include <cstdint>

namespace spillway {

// Gate 1: how long a request waited before its handler. A queue stands when the shortest wait of a
// whole interval is long (CoDel, RFC 8289) and no pause of the loop explains it; then it is kept
// short instead of at the limit. The wait of what is not accepted yet counts too, where it is told:
// requests on kept-alive connections that wait for nothing would hide it.
class QueueDelay final {
 public:
  QueueDelay(uint64_t maxDelayNs, uint64_t tickNs);

  // `light`: the request's class asks for less than an equal share, so it did not make the queue.
  bool Admits(uint64_t now, uint64_t waitNs, bool light) const {
    if (standing_ && !light) return waitNs <= kept_;
    return waitNs <= maxDelay_ || waitNs <= maxDelay_ + PauseNs(now);
  }

  void Saw(uint64_t waitNs, bool refused) {
    shortest_ = std::min(shortest_, waitNs);
    ++seen_;
    refused_ += refused;
  }
  // Refused unseen.
  void Spilled(uint32_t count) {
    seen_ += count;
    refused_ += count;
  }

  // So many connections wait to be accepted. Several servers may tell of a turn; each accepts one.
  void Queued(uint32_t length) { queued_ = std::max(queued_, length); }

  void OnTurn(uint64_t now, uint64_t busyNs);
  void EndInterval(uint64_t now);

  // The shortest that the accept queue was of late: what a burst has brought, and is being worked
  // off, does not stand.
  uint32_t shortestOfLate() const { return std::min(shortestOfThis_, shortestOfLast_); }

  bool standing() const { return standing_; }
  // Something was refused in this interval.
  bool overdue() const { return refused_ > 0; }
  uint64_t LimitNs(uint64_t now) const { return standing_ ? kept_ : maxDelay_ + PauseNs(now); }
  // What a request may have waited without a queue: the rest of a pause, the turn that runs now,
  // the clock's resolution.
  uint64_t PauseNs(uint64_t now) const;

 private:
  uint64_t AcceptWaitNs(uint64_t now) const;

  const uint64_t maxDelay_;
  const uint64_t resolution_;
  uint64_t kept_ = 0;
  bool standing_ = false;
  uint64_t overAt_ = 0;

  uint64_t turnEnded_ = 0;
  uint64_t pause_ = 0;  // what of the turns until turnEnded_ was not worked off then

  // Of the turn, of this stretch of time and of the one before.
  uint32_t queued_ = 0;
  uint32_t shortestOfThis_ = UINT32_MAX;
  uint32_t shortestOfLast_ = UINT32_MAX;
  uint64_t stretchBegun_ = 0;

  // Of the interval.
  uint64_t intervalBegun_ = 0;
  uint32_t turns_ = 0;
  uint32_t shortestQueue_ = UINT32_MAX;
  uint64_t shortest_ = UINT64_MAX;
  uint32_t seen_ = 0;
  uint32_t refused_ = 0;
};

}  // namespace spillway

#endif  // SPILLWAY_QUEUE_DELAY_H_
