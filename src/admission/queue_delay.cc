#include "admission/queue_delay.h"

namespace spillway {

namespace {

// Reading an age twice can show a wait of up to two ticks of the kernel's clock where there was
// almost none.
constexpr uint64_t kTicksOfDoubt = 2;

// A wait is long if it exceeds half of the limit. While a queue stands, waits are kept below a
// quarter of the limit. A quarter keeps them short; with less than a fifth, the server would run
// idle between arrivals even at a load of 1.5 times its capacity.
constexpr uint64_t kLatePart = 2;
constexpr uint64_t kKeptPart = 4;

// A queue stands if two thirds of the waits were long. When a burst reaches an idle server, the
// waits rise evenly from 0: by the time two thirds of them exceed half of the limit, the last ones
// exceed the limit, and have to be refused anyway. A queue is detected even if a third of the
// requests appear not to have waited.
constexpr uint32_t kLateOf = 3;
constexpr uint32_t kLateLeast = 2;

// The queue no longer stands if less than a tenth of the requests had to be refused for two
// intervals: a queue of normal length can absorb that much overload. If a single interval were
// enough, random variation would restore the longer limit every few seconds.
constexpr uint32_t kRefusedPart = 10;
constexpr uint64_t kCalmNs = 150'000'000;

// If the load is p times the capacity, the server works off the backlog of a pause in p / (1 - p)
// times the length of the pause. Meanwhile, the waits shrink by (1 - p) / p ms per ms, which is 1/2
// for p = 2/3. A busier server gets no larger allowance.
constexpr uint64_t kWorkedOffPart = 2;

// The accept queue is judged by its shortest length in the last one to two stretches of time. Each
// is half as long as the wait that is allowed while a queue stands. With longer stretches, random
// arrivals would let the queue grow; in shorter ones, a burst of ten connections could not be
// worked off.
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

// The estimated wait of the last connection in the accept queue at the moment when the queue was
// shortest. The loop accepts one connection per turn.
uint64_t QueueDelay::AcceptWaitNs(uint64_t now) const {
  if (turns_ == 0 || interval_begun_ == 0) return 0;
  return shortest_queue_ * ((now - interval_begun_) / turns_);
}

uint64_t QueueDelay::PauseNs(uint64_t now) const {
  const double running = turn_ended_ > 0 ? share_ * static_cast<double>(now - turn_ended_) : 0;
  return std::max({resolution_, pause_, static_cast<uint64_t>(running)});
}

// A request is late if it has waited longer than this. Without a queue, no request waits that long.
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
