#pragma once

#include <cstdint>

#include "loop/pause.h"
#include "loop/smoothing.h"

namespace spillway {

/// Computes event-loop lag from the loop's turns. Pure: every time is an argument, in ns.
///
/// A turn is one iteration of the loop, from the end of one poll phase to the end of the next. Its
/// busy time excludes the time that the loop slept.
class LoopStats final {
 public:
  /// `factor`: how much a new sample counts, in ]0, 1], per `interval`.
  void Configure(double factor, uint64_t interval) { smoothing_.Configure(factor, interval); }

  /// Forgets everything. The main script, which runs before the first turn, does not count as a
  /// turn; a loop that has never slept has not begun its first turn.
  void Reset(const LoopReading& reading, uint64_t interval);

  /// The timer has fired; it was due at `due`.
  void OnTick(const LoopReading& reading, uint64_t due);
  /// A turn with the busy time `busy` has ended. It is not counted if it began before the
  /// measurement.
  void OnTurnEnd(const LoopReading& reading, uint64_t busy);
  /// A request reaches its handler after `wait`.
  void OnRequest(uint64_t now, uint64_t wait);

  /// `wait`, which ends now, minus the time in which the process was stopped.
  uint64_t WithoutPause(const LoopReading& reading, uint64_t wait);

  /// Smoothed lateness of the timer.
  double Lag() const { return lag_; }
  /// Busy time so far of the turn that runs now.
  uint64_t TurnSoFar(uint64_t now, uint64_t idle) const;
  /// How long bytes that the loop has just read may have waited: since the previous poll, unless
  /// the loop has slept since.
  uint64_t LongestWait(uint64_t now, uint64_t idle) const {
    return TurnSoFar(now, idle) + (idle > turn_begin_.idle ? 0 : last_turn_);
  }
  /// Busy time of the previous turn.
  uint64_t LastTurn() const { return last_turn_; }
  /// Smoothed wait of recent requests; decays while none arrive.
  double RequestWait(uint64_t now) const;
  /// Mean busy time of recent turns.
  double MeanTurn() const { return turns_ > 0 ? busy_ / turns_ : 0; }
  /// Part of the last interval in which the loop did not sleep, [0, 1].
  double Utilization() const { return utilization_; }
  /// The longest turn since the last call.
  uint64_t TakeLongestTurn();

 private:
  Smoothing smoothing_;
  Pause pause_;
  uint64_t interval_ = 0;

  LoopReading last_tick_{};
  double lag_ = 0;
  double utilization_ = 0;

  LoopReading turn_begin_{};
  bool in_turn_ = false;
  double busy_ = 0;   // decaying sums over the recent turns: their busy time,
  double turns_ = 0;  // and their number
  uint64_t last_turn_ = 0;
  uint64_t longest_turn_ = 0;

  double wait_ = 0;
  uint64_t last_wait_at_ = 0;
};

}  // namespace spillway
