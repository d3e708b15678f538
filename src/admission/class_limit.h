#pragma once

#include <cstdint>

#include "admission/no_load_baseline.h"
#include "admission/probe.h"
#include "admission/queue_detector.h"

namespace spillway {

/// The concurrency limit for one class of requests: how many of them may be in flight.
///
/// By Little's law (L = lambda W), a class with a capacity of X completions per second responds
/// within R + Q if X (R + Q) requests are in flight. R is its no-load response time, Q the queueing
/// allowed. The limit is enforced only while the queue detector finds a queue.
class ClassLimit final {
 public:
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

  /// Whether one more request may be in flight. `pressed`: the loop is late, and all classes
  /// together have more requests in flight than a burst allows. Requests that arrived during a
  /// pause of the loop do not count as a burst, unless they arrived at a higher rate than before
  /// it.
  bool Admits(bool pressed, double pause_ns) const {
    if (enforcing_) return in_flight_ < cap_;
    return !pressed || in_flight_ < burst_ + rate_ * pause_ns || in_flight_ == 0;
  }

  void Admitted() {
    ++arrivals_;
    ++admissions_;
    ++in_flight_;
  }
  void Refused(bool by_concurrency_limit) {
    ++arrivals_;
    refusals_ += by_concurrency_limit;
  }
  void Left() { in_flight_ -= in_flight_ > 0; }
  /// A request ended `ns` after its admission. It ends with its response, or with its handler if
  /// the client left earlier.
  void Lasted(double ns);
  void Completed(uint64_t now, uint64_t start, const Setting& setting);
  /// Like Completed(), for a class to which another limit applies: the response shows that limit's
  /// queue.
  void CompletedElsewhere(double response_ns);
  /// A request that the controller had not admitted was completed. Its response time is ignored.
  void CompletedUncounted() { ++completions_; }

  void EndWindow(const Window& window, const Setting& setting);
  /// Like EndWindow(), but learns only how many requests came. Assumes that as many complete as
  /// were admitted.
  void SkipWindow(const Window& window);

  /// The queue detector has found a queue.
  bool Evident() const { return detector_.Evident(); }
  void ResetDetector() { detector_.Drop(); }
  void Enforce(const Setting& setting);
  /// From now on the limit is enforced, and also applies to the requests of `other`, which
  /// completes `rate` of them per ns.
  void Take(const ClassLimit& other, double rate, const Setting& setting);
  void AlsoHolds(uint32_t in_flight) { in_flight_ += in_flight; }
  /// This class was part of `other` until now, with `share` of its requests, 0 to 1.
  void SplitFrom(uint64_t now, ClassLimit& other, double share);
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
  void BeginProbe(uint64_t now, const Setting& setting);
  void Drained(uint64_t now) { probe_.Drained(now); }

  /// None of its requests is in flight.
  bool Empty() const { return in_flight_ == 0; }
  bool Active() const { return arrivals_ > 0 || completions_ > 0 || in_flight_ > 0; }
  bool Enforcing() const { return enforcing_; }
  bool Probing() const { return enforcing_ && probe_.Running(); }
  bool Exceeded() const { return enforcing_ && in_flight_ > cap_; }
  uint32_t InFlight() const { return in_flight_; }
  uint32_t Completions() const { return completions_; }
  uint32_t Cap() const { return cap_; }
  uint32_t Burst() const { return burst_; }
  /// Per ns: X, completions and arrivals.
  double Capacity() const { return enforcing_ ? capacity_ : loop_capacity_; }
  double Rate() const { return rate_; }
  double ArrivalRate() const { return arrival_rate_; }
  /// R, or a guess; 0 until a request has been completed.
  double NoLoadNs() const { return no_load_.Ns() > 0 ? no_load_.Ns() : cost_ns_; }
  /// How long the slowest of the recent requests took; 0 until one has ended.
  double LongestNs() const { return longest_ns_; }
  double Variance() const { return no_load_.Variance(); }
  /// Enough requests have been completed to know R.
  bool Known() const { return no_load_.Known(); }
  /// By how much the last response time exceeded R.
  double QueueNs() const { return queue_ns_; }
  /// R as measured, without a guess.
  double MeasuredNs() const { return no_load_.Ns(); }

 private:
  void EndEnforcedWindow(const Window& window, double rate, double newest, const Setting& setting);
  void ForgetWindow();
  double CapacityWhenFull() const;
  void EndProbe(uint64_t now, const Setting& setting);
  void SeemsSlower(double response_ns);
  double AllowedNs(double queue_ns) const;
  void SetLimits(const Setting& setting);

  NoLoadBaseline no_load_;
  QueueDetector detector_;
  Probe probe_;
  uint32_t in_flight_ = 0;
  uint32_t cap_ = 0;
  uint32_t burst_ = 0;
  bool enforcing_ = false;

  // Of the window.
  uint32_t arrivals_ = 0;
  uint32_t admissions_ = 0;
  uint32_t refusals_ = 0;
  uint32_t completions_ = 0;
  bool probed_ = false;
  double responses_ = 0;  // sum of the response times, ns

  // Smoothed over windows; rates are per ns.
  double arrival_rate_ = 0;
  double rate_ = 0;
  double busy_ = 0;
  double cost_ns_ = 0;
  double loop_capacity_ = 0;
  double capacity_ = 0;
  double fullness_ = 1;
  double calm_ns_ = 0;
  double longest_ns_ = 0;
  double queue_ns_ = 0;

  uint64_t probe_at_ = 0;
  double probed_capacity_ = 0;
  int slower_probes_ = 0;
  double slower_ns_ = 0;
  double slower_capacity_ = 0;
};

}  // namespace spillway
