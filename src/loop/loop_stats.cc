#include "loop/loop_stats.h"

#include <algorithm>

namespace spillway {

void LoopStats::Reset(const LoopReading& reading, uint64_t interval) {
  pause_.Reset(reading, interval);
  interval_ = interval;
  last_tick_ = reading;
  lag_ = utilization_ = 0;
  turn_begin_ = reading;
  in_turn_ = reading.idle > 0;
  busy_ = turns_ = 0;
  last_turn_ = longest_turn_ = 0;
  wait_ = 0;
  last_wait_at_ = reading.now;
}

void LoopStats::OnTick(const LoopReading& reading, uint64_t due) {
  pause_.Observe(reading);
  const uint64_t late =
      reading.now > due ? reading.now - due - pause_.Overlap(due, reading.now) : 0;
  const uint64_t elapsed = reading.now - last_tick_.now;
  lag_ = smoothing_.Next(lag_, static_cast<double>(late), elapsed);

  const uint64_t idle = std::min(reading.idle - last_tick_.idle, elapsed);
  utilization_ = elapsed > 0 ? 1 - static_cast<double>(idle) / static_cast<double>(elapsed) : 0;
  last_tick_ = reading;
}

void LoopStats::OnTurnEnd(const LoopReading& reading, uint64_t busy) {
  if (in_turn_) {
    const double remaining = smoothing_.Remaining(reading.now - turn_begin_.now);
    busy_ = busy_ * remaining + static_cast<double>(busy);
    turns_ = turns_ * remaining + 1;
    longest_turn_ = std::max(longest_turn_, busy);
  }
  in_turn_ = true;
  turn_begin_ = reading;
  last_turn_ = busy;
}

void LoopStats::OnRequest(uint64_t now, uint64_t wait) {
  // After a pause without requests, a request counts for one interval at most: a single late one is
  // a spike.
  const uint64_t elapsed = std::min(now - last_wait_at_, interval_);
  wait_ = smoothing_.Next(wait_, static_cast<double>(wait), elapsed);
  last_wait_at_ = now;
}

uint64_t LoopStats::WithoutPause(const LoopReading& reading, uint64_t wait) {
  pause_.Observe(reading);
  return wait - std::min(wait, pause_.Overlap(reading.now - wait, reading.now));
}

uint64_t LoopStats::TurnSoFar(uint64_t now, uint64_t idle) const {
  if (!in_turn_ || now <= turn_begin_.now) return 0;  // a coarse clock may be behind
  const uint64_t elapsed = now - turn_begin_.now;
  return elapsed - std::min(elapsed, idle - turn_begin_.idle);
}

double LoopStats::RequestWait(uint64_t now) const {
  return smoothing_.Next(wait_, 0, now - last_wait_at_);
}

uint64_t LoopStats::TakeLongestTurn() {
  const uint64_t longest = longest_turn_;
  longest_turn_ = 0;
  return longest;
}

}  // namespace spillway
