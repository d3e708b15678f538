#pragma once

#include <algorithm>
#include <cstdint>

namespace spillway {

// Gate 1: how long a request waited before its handler. A queue stands when the shortest wait of a
// whole interval is long (CoDel, RFC 8289) and no pause of the loop explains it; then it is kept
// short instead of at the limit.
class QueueDelay final {
 public:
  QueueDelay(uint64_t maxDelayNs, uint64_t tickNs);

  // `light`: the request's class asks for less than an equal share, so it did not make the queue.
  bool Admits(uint64_t now, uint64_t waitNs, bool light) const {
    if (standing_ && !light) return waitNs <= kept_;
    return waitNs <= maxDelay_ || waitNs <= maxDelay_ + ExplainedNs(now);
  }

  void Saw(uint64_t waitNs, bool refused) {
    shortest_ = std::min(shortest_, waitNs);
    ++seen_;
    refused_ += refused;
  }

  void OnTurn(uint64_t now, uint64_t busyNs);
  void EndInterval(uint64_t now);

  bool standing() const { return standing_; }
  uint64_t limitNs(uint64_t now) const { return standing_ ? kept_ : maxDelay_ + ExplainedNs(now); }
  // What a request may have waited without a queue: the rest of a pause, the turn that runs now,
  // the clock's resolution.
  uint64_t ExplainedNs(uint64_t now) const;

 private:
  const uint64_t maxDelay_;
  const uint64_t resolution_;
  uint64_t kept_ = 0;
  bool standing_ = false;

  int calm_ = 0;

  uint64_t turnEnded_ = 0;
  uint64_t pause_ = 0;  // what of the long turns before turnEnded_ is not worked off
  uint64_t shortest_ = UINT64_MAX;
  uint32_t seen_ = 0;
  uint32_t refused_ = 0;
};

}  // namespace spillway
