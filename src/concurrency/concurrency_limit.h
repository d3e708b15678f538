#pragma once

#include <cstdint>

#include "concurrency/no_load_response.h"
#include "concurrency/response_probe.h"
#include "concurrency/sample.h"
#include "concurrency/smoothed_rate.h"

namespace spillway {

/// Limits how many handlers of one stream run at once, by Little's law: X (R + Q). X is the
/// throughput, R the no-load response time, and Q the queueing allowed.
///
/// It does for a closed loop what admission/class_limit.h does for an open one. Requests to a
/// server arrive by themselves: a limit is needed only while they queue, and the refused requests
/// show that there is more demand. Here, no handler runs unless the limit has let it start. So the
/// limit is always enforced, and must rise to find out whether a higher limit is better. Up to some
/// limit, the knee, X grows with the limit, and X (R + Q) exceeds the number in flight; beyond the
/// knee, X stays constant, and so does the limit.
///
/// Times are ns; `now` never decreases.
class ConcurrencyLimit final {
 public:
  /// A handler starts.
  void Begin(uint64_t now);
  /// The handler that started at `began` has settled. `turn_ns`: the mean of the event loop's
  /// recent turns.
  void End(uint64_t now, uint64_t began, bool succeeded, double turn_ns);

  /// At least 1.
  uint32_t Limit() const { return Probing() ? probe_.Limit(in_flight_) : limit_; }
  bool Probing() const { return probe_.Running(); }
  /// X, per ns.
  double Capacity() const { return capacity_.Get(); }
  /// R, ns; 0 until it is known.
  double ResponseNs() const { return Response().Ns(); }

 private:
  const NoLoadResponse& Response() const { return probe_.Response(); }
  NoLoadResponse& Response() { return probe_.Response(); }
  void Pass(uint64_t now);
  void BeginWindow(uint64_t now);
  bool WindowHasEnded(uint64_t now) const;
  bool WasFull(double elapsed) const;
  bool XHasFallen(uint64_t now) const;
  bool RHasFallen() const;
  void EndWindow(uint64_t now, double turn_ns);
  void SeeStuck(double elapsed);
  void ProbeIfDue(uint64_t now, bool queues);
  void Search(double rate, bool queues);
  void Follow(double elapsed, double rate, bool queues);
  void SetLimit(double limit);
  double AllowedNs() const;
  ResponseProbe::State State() const;
  void EndProbe(uint64_t now);

  uint32_t limit_ = 1;
  uint32_t in_flight_ = 0;
  bool searching_ = true;
  bool late_ = false;
  SmoothedRate capacity_;

  uint64_t window_begun_ = 0;
  Sample window_;
  uint64_t last_ = 0;
  double presence_ = 0;  // handlers in flight, integrated over the window, ns
  double settled_ = 0;   // sum of the response times in the window, ns
  double seen_stuck_ =
      0;              // handlers in flight in the last window that the settled ones do not explain
  double stuck_ = 0;  // estimated number of handlers in flight that never settle
  int slow_windows_ = 0;

  uint64_t alone_since_ = 0;  // when the only handler in flight started
  Sample alone_;              // response times of handlers that were alone in flight

  ResponseProbe probe_;
  double probed_capacity_ = 0;
  uint32_t probed_limit_ = 1;
};

}  // namespace spillway
