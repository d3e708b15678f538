#include "admission/queue_delay.h"

namespace spillway {

namespace {

// A wait of two ticks of the kernel's clock can be read where there was almost none.
constexpr uint64_t kTicksOfDoubt = 2;

// A wait is long from half the limit on; while a queue stands it is kept to a quarter. The shorter
// it is kept, the shorter the waits; below a fifth, the gaps between arrivals at 1.5 times the
// capacity leave the server idle.
constexpr uint64_t kLatePart = 2;
constexpr uint64_t kKeptPart = 4;

// A queue stands when this part of the waits were long. In a burst to an idle server the waits rise
// evenly from 0: by the time two thirds are above half the limit, the last wait is above the limit
// and has to be refused anyway. A third of the requests may seem to have waited for nothing, and
// the queue is still seen.
constexpr uint32_t kLateOf = 3;
constexpr uint32_t kLateLeast = 2;

// The queue stands no more when less than a tenth of the requests had to be refused: that much
// overload a queue of normal length can bear. For two intervals, or chance would open the gate
// every few seconds.
constexpr uint32_t kRefusedPart = 10;
constexpr uint64_t kCalmNs = 150'000'000;

// A server at half its capacity works off what a pause left behind in twice the pause: the waits
// shrink at half the speed of time. At more than half it gets no more forbearance.
constexpr uint64_t kWorkedOffPart = 2;

// The accept queue is judged by its shortest in one to two stretches, each this part of what a
// standing queue is kept to. Longer ones let the queue grow by the chance of arrivals; within
// shorter ones a burst of ten is not worked off.
constexpr uint64_t kStretchPart = 2;

}  // namespace

QueueDelay::QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns)
    : max_delay_(max_delay_ns), resolution_(kTicksOfDoubt * tick_ns) {}

void QueueDelay::OnTurn(uint64_t now, uint64_t busy_ns, double share) {
  const uint64_t worked_off = (now - turn_ended_) / kWorkedOffPart;
  pause_ = std::max(busy_ns, pause_ > worked_off ? pause_ - worked_off : 0);
  turn_ended_ = now;
  share_ = share;
  shortest_queue_ = std::min(shortest_queue_, queued_);
  if (now - stretch_begun_ > kept_ / kStretchPart) {
    shortest_of_last_ = shortest_of_this_;
    shortest_of_this_ = UINT32_MAX;
    stretch_begun_ = now;
  }
  shortest_of_this_ = std::min(shortest_of_this_, queued_);
  queued_ = 0;
  ++turns_;
}

// Of the last connection to be accepted, at the shortest that the queue was: the loop accepts one a
// turn.
uint64_t QueueDelay::AcceptWaitNs(uint64_t now) const {
  if (turns_ == 0 || interval_begun_ == 0) return 0;
  return shortest_queue_ * ((now - interval_begun_) / turns_);
}

uint64_t QueueDelay::PauseNs(uint64_t now) const {
  const double running = turn_ended_ > 0 ? share_ * static_cast<double>(now - turn_ended_) : 0;
  return std::max({resolution_, pause_, static_cast<uint64_t>(running)});
}

// Longer than without a queue.
uint64_t QueueDelay::LateNs(uint64_t now) const {
  return std::max(max_delay_ / kLatePart, PauseNs(now));
}

bool QueueDelay::IsLong(const Waits& waits) const {
  if (waits.seen == 0) return false;
  return standing_ ? waits.refused * kRefusedPart >= waits.seen
                   : waits.late * kLateOf >= waits.seen * kLateLeast;
}

void QueueDelay::EndInterval(uint64_t now) {
  if (IsLong(accepted_) || IsLong(kept_alive_) || AcceptWaitNs(now) > LateNs(now)) {
    standing_ = true;
    stood_at_ = now;
  } else if (now - stood_at_ > kCalmNs) {
    standing_ = false;
  }
  kept_ = std::min(max_delay_, std::max(max_delay_ / kKeptPart, PauseNs(now)));
  accepted_ = kept_alive_ = {};
  interval_begun_ = now;
  turns_ = 0;
  shortest_queue_ = UINT32_MAX;
}

}  // namespace spillway
