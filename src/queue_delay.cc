#include "queue_delay.h"

namespace spillway {

namespace {

// A wait of two ticks of the kernel's clock can be read where there was almost none.
constexpr uint64_t kTicksOfDoubt = 2;

// A queue stands from half the limit on; while it stands it is kept to a quarter. The smaller the
// second, the shorter the waits; below a fifth, the gaps of 1.5 times the capacity leave the server
// idle.
constexpr uint64_t kStandingFraction = 2;
constexpr uint64_t kKeptFraction = 4;

// The queue no longer stands when less than this part of an interval's requests had to be refused:
// there is no more overload than a queue of normal length can bear. Twice in a row, or chance would
// open the gate every few seconds.
constexpr uint32_t kRefusedPart = 10;
constexpr int kCalmIntervals = 2;

// A server at half its capacity works off what a pause left behind in twice the pause; the waits
// shrink at half the speed of time. Beyond that half it is for the law to help.
constexpr uint64_t kWorkedOffFraction = 2;

}  // namespace

QueueDelay::QueueDelay(uint64_t maxDelayNs, uint64_t tickNs)
    : maxDelay_(maxDelayNs), resolution_(kTicksOfDoubt * tickNs) {}

void QueueDelay::OnTurn(uint64_t now, uint64_t busyNs) {
  const uint64_t workedOff = (now - turnEnded_) / kWorkedOffFraction;
  pause_ = std::max(busyNs, pause_ > workedOff ? pause_ - workedOff : 0);
  turnEnded_ = now;
}

uint64_t QueueDelay::ExplainedNs(uint64_t now) const {
  return std::max({resolution_, pause_, now - turnEnded_});
}

void QueueDelay::EndInterval(uint64_t now) {
  const uint64_t explained = ExplainedNs(now);
  if (standing_) {
    calm_ = refused_ * kRefusedPart >= seen_ && seen_ > 0 ? 0 : calm_ + 1;
    standing_ = calm_ < kCalmIntervals;
  } else {
    standing_ = seen_ > 0 && shortest_ > std::max(maxDelay_ / kStandingFraction, explained);
    calm_ = 0;
  }
  kept_ = std::min(maxDelay_, std::max(maxDelay_ / kKeptFraction, explained));
  shortest_ = UINT64_MAX;
  seen_ = 0;
  refused_ = 0;
}

}  // namespace spillway
