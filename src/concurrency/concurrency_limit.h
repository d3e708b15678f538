#pragma once

#include <cstdint>

#include "concurrency/no_load_response.h"
#include "concurrency/response_probe.h"
#include "concurrency/sample.h"

namespace spillway {

/// How many handlers of one stream may run at once: by Little's law X (R + Q), X what is completed
/// per time, R the response time when nothing queues, Q the queueing allowed.
///
/// The admission controller of ClassLimit, for a closed loop. There requests come by themselves: a
/// limit is needed only while they queue, and what it refuses tells what there is beyond it. Here
/// nothing is in flight that the limit did not let start. So it is always in force, and must rise
/// by itself to learn that it may: below the knee X grows with the limit, and X (R + Q) is more
/// than is in flight; above it X stays, and so does the limit.
///
/// Times are ns; `now` never goes back.
class ConcurrencyLimit final {
 public:
  /// A handler starts.
  void Begin(uint64_t now);
  /// The one that started at `began` has settled. `turn_ns`: the event loop's mean turn of late.
  void End(uint64_t now, uint64_t began, bool succeeded, double turn_ns);

  /// At least 1.
  uint32_t Limit() const { return Probing() ? probe_.Limit(in_flight_) : limit_; }
  bool Probing() const { return probe_.Running(); }
  /// X, per ns.
  double Capacity() const { return capacity_; }
  /// R; 0 until it is known.
  double ResponseNs() const { return Response().Ns(); }

 private:
  const NoLoadResponse& Response() const { return probe_.Response(); }
  NoLoadResponse& Response() { return probe_.Response(); }
  void Pass(uint64_t now);
  void BeginWindow(uint64_t now);
  bool WindowIsOver(uint64_t now) const;
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
  double capacity_ = 0;
  double capacity_age_ = 0;  // ns over which X was measured

  uint64_t window_begun_ = 0;
  Sample window_;
  uint64_t last_ = 0;
  double presence_ = 0;    // in flight times ns, since the window began
  double settled_ = 0;     // what the responses of the window add up to, ns
  double seen_stuck_ = 0;  // in flight at the end of the last window, and not explained
  double stuck_ = 0;       // in flight, and may never settle
  int slow_windows_ = 0;

  uint64_t alone_since_ = 0;  // when the only one in flight started
  Sample alone_;              // of those that no other was in flight with, one after the other

  ResponseProbe probe_;
  double probed_capacity_ = 0;
  uint32_t probed_limit_ = 1;
};

}  // namespace spillway
