#pragma once

#include <cstdint>

#include "admission/claim.h"
#include "admission/class_state.h"
#include "admission/equal_chances.h"
#include "admission/no_load_baseline.h"
#include "admission/queue_detector.h"
#include "concurrency/cohort.h"
#include "concurrency/smoothed_rate.h"

namespace spillway {

/// The concurrency limit for one class of requests: how many of them may be in flight.
///
/// By Little's law (L = lambda W), a class with a capacity of X completions per second responds
/// within R + Q if X (R + Q) requests are in flight. R is its no-load response time, Q the queueing
/// allowed. The limit is enforced only while the queue detector finds a queue.
class ClassLimit final {
 public:
  using State = ClassState;
  using Reason = StateReason;

  /// A finished window of time.
  struct Window {
    uint64_t now;
    double elapsed_ns;
    double busy_ns;   // busy time of the loop
    double pause_ns;  // delay of requests by long turns, not yet worked off
    double cost_ns;   // loop time that one request costs
  };

  /// What all classes have in common.
  struct Setting {
    double max_delay_ns;
    bool late;         // the loop's last turn took more than a quarter of max_delay_ns
    bool saturated;    // the loop had no time to spare in the last window
    bool overdue;      // requests of the last window exceeded the delay limit
    uint64_t settled;  // requests that began earlier may have queued behind a class that has since
                       // been held back
  };

  /// A request comes in turn number `turn`, before which the loop was busy for `busy_ns`.
  void Came(uint64_t turn, double busy_ns) {
    if (Enforcing()) chances_.Came(turn, ArrivalRate() * busy_ns);
  }
  /// Whether the request that has just come may be in flight too. `pressed`: the loop is late, and
  /// all classes together have more requests in flight than a burst allows. Requests that arrived
  /// during a pause of the loop do not count as a burst, unless they arrived at a higher rate than
  /// before it.
  bool Admits(bool pressed, double pause_ns, const Claim& claim, const Setting& setting) {
    if (Enforcing()) return HasPlace(claim, setting);
    return !pressed || in_flight_ < burst_ + Rate() * pause_ns || in_flight_ == 0;
  }

  /// `elsewhere`: another limit applies.
  void Admitted(uint64_t now, bool elsewhere) {
    ++arrivals_;
    ++admissions_;
    if (Enforcing()) {
      Pass(now);
    } else if (!elsewhere) {
      no_load_.Begin(now);
    }
    ++in_flight_;
    if (state_ == State::kProbing) probe_.Begin(now);
  }
  void Refused(bool by_concurrency_limit) {
    ++arrivals_;
    refusals_ += by_concurrency_limit;
  }
  void Left(uint64_t now) {
    if (Enforcing()) Pass(now);
    in_flight_ -= in_flight_ > 0;
  }
  /// A request ended `ns` after its admission. It ends with its response, or with its handler if
  /// the client left earlier.
  void Lasted(double ns);
  void Completed(uint64_t now, uint64_t start, const Setting& setting);
  /// The request that began at `start` has ended without a response that counts.
  void Aborted(uint64_t now, uint64_t start) {
    if (Enforcing()) {
      probe_.End(now, start, false);
    } else {
      no_load_.End(now, start, false);
    }
  }
  /// A request was completed, but its response time says nothing about this class: the controller
  /// had not admitted it, or another limit applies.
  void CompletedUncounted() { ++completions_; }

  void EndWindow(const Window& window, const Setting& setting);
  /// Like EndWindow(), but learns only how many requests came. Assumes that as many complete as
  /// were admitted.
  void SkipWindow(const Window& window);

  /// The queue detector has found a queue.
  bool Evident() const { return !Enforcing() && detector_.Evident(); }
  void ResetDetector() { detector_.Drop(); }
  void Enforce(uint64_t now, const Setting& setting);
  /// From now on the limit is enforced, and also applies to the requests of `other`, which
  /// completes `rate` of them per ns.
  void Take(uint64_t now, const ClassLimit& other, double rate, Reason reason,
            const Setting& setting);
  void AlsoHolds(uint32_t in_flight) { in_flight_ += in_flight; }
  /// This class was part of `other` until now, with `share` of its requests, 0 to 1.
  void SplitFrom(ClassLimit& other, double share);
  /// Another class is split off, and takes this share of X with it. Returns what it takes, per ns.
  double GiveAway(double share, const Setting& setting);
  /// A response that exceeds R by this shows a queue.
  static double EvidentNs(double no_load_ns, double pause_ns, const Setting& setting);
  /// Whether the last response was slow enough to assume a queue if other classes queue. The
  /// threshold is a quarter of EvidentNs().
  bool Queues(const Setting& setting) const;
  /// Forgets what was learned about R while another limit applied: it may include that limit's
  /// queue.
  void DropGuess();

  /// Classes that share a resource must be probed together. Otherwise each would take the others'
  /// queue for its own service time.
  bool WantsProbe(uint64_t now) const;
  /// The limit is lowered, so that a queue drains.
  void Drain(uint64_t now, const Setting& setting);
  /// The queue has drained, or it takes too long (`in_time` is false).
  void Measure(uint64_t now, bool in_time);

  /// None of its requests is in flight.
  bool Empty() const { return in_flight_ == 0; }
  bool Active() const { return arrivals_ > 0 || completions_ > 0 || in_flight_ > 0; }
  State Is() const { return state_; }
  Reason Because() const { return reason_; }
  /// Since when it has been in this state; 0 if it has always been.
  uint64_t Since() const { return since_; }
  bool Enforcing() const { return state_ != State::kFree; }
  bool Draining() const { return state_ == State::kDraining; }
  bool Exceeded() const { return Enforcing() && in_flight_ > cap_; }
  uint32_t InFlight() const { return in_flight_; }
  uint32_t Completions() const { return completions_; }
  uint32_t Cap() const { return cap_; }
  uint32_t Burst() const { return burst_; }
  /// Per ns: X, completions and arrivals.
  double Capacity() const { return Enforcing() ? capacity_.Get() : loop_capacity_; }
  double Rate() const { return rate_.Get(); }
  double ArrivalRate() const { return arrival_rate_.Get(); }
  /// R, or a guess; 0 until a request has been completed.
  double NoLoadNs() const { return no_load_.Ns() > 0 ? no_load_.Ns() : cost_ns_; }
  /// How long the slowest of the recent requests took; 0 until one has ended.
  double LongestNs() const { return longest_ns_; }
  double Variance() const { return no_load_.Variance(); }
  /// Enough requests have been completed to know R.
  bool Known() const { return no_load_.Known(); }
  /// By how much the last response time exceeded R.
  double QueueNs() const { return queue_ns_; }
  /// Q, the queueing that the limit allows.
  double AllowedQueueNs(const Setting& setting) const;
  /// R as measured, without a guess.
  double MeasuredNs() const { return no_load_.Ns(); }

 private:
  static constexpr double kAllowed = 0.5;

  bool HasPlace(const Claim& claim, const Setting& setting);
  void Become(State state, Reason reason, uint64_t now);
  void Pass(uint64_t now);
  double MemoryNs() const;
  void EndEnforcedWindow(const Window& window, double rate, const Setting& setting);
  void AdaptQueueing(double elapsed_ns, double busy_ns);
  void ForgetWindow();
  bool Changed() const;
  Reason ProbeReason(uint64_t now) const;
  uint64_t ProbePauseNs() const;
  uint32_t ProbeSize() const;
  void PassProbe(uint64_t now, const Setting& setting);
  void EndProbe(uint64_t now, const Setting& setting);
  Reason Conclude(const Sample& responses, const Setting& setting);
  double AllowedNs(double queue_ns) const;
  double Places(double queue_ns) const;
  void SetLimits(const Setting& setting);

  NoLoadBaseline no_load_;
  QueueDetector detector_;
  Cohort probe_;  // whose response times a probe measures
  EqualChances chances_;
  uint32_t in_flight_ = 0;
  uint32_t cap_ = 0;
  uint32_t burst_ = 0;
  State state_ = State::kFree;
  Reason reason_ = Reason::kStart;
  uint64_t since_ = 0;
  uint64_t enforced_at_ = 0;

  // Of the window.
  uint32_t arrivals_ = 0;
  uint32_t admissions_ = 0;
  uint32_t refusals_ = 0;
  uint32_t completions_ = 0;
  uint64_t passed_ = 0;  // until when `vacant_` is summed up
  double vacant_ = 0;    // free places of the bottleneck, integrated over the window, ns

  // Smoothed over windows; rates are per ns.
  SmoothedRate arrival_rate_;
  SmoothedRate rate_;
  SmoothedRate capacity_;
  SmoothedRate busy_;  // share of the loop's time
  double cost_ns_ = 0;
  double loop_capacity_ = 0;
  double queueing_ = kAllowed;  // Q, as a part of the delay limit
  double calm_ns_ = 0;
  double exceeded_for_ = 0;  // time for which responses have been longer than the limit allows, ns
  double longest_ns_ = 0;
  double queue_ns_ = 0;

  uint64_t probe_at_ = 0;
  uint64_t drained_from_ = 0;  // when the last probe began
  Reason probe_because_ = Reason::kQueue;
  double probed_capacity_ = 0;
  bool relearning_ = false;  // X rises, because R was too low
  bool fell_ = false;        // X, before the last probe
  bool slow_ = false;        // responses were longer than the limit allows, before the last probe
};

}  // namespace spillway
