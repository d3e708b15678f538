#pragma once

#include <cstdint>

#include "admission/no_load_baseline.h"
#include "admission/probe.h"
#include "admission/queue_detector.h"

namespace spillway {

// Gate 2 for one class of requests: how many of it may be in flight. By Little's law (L = lambda W)
// a class that completes X a second answers within R + Q when X (R + Q) are in flight: R its
// response time when nothing queues, Q the queueing allowed. Enforced only while a queue is
// evident.
class ClassLimit final {
 public:
  // A window of time that is over.
  struct Window {
    uint64_t now;
    double elapsed_ns;
    double busy_ns;   // of the loop
    double pause_ns;  // what long turns of the loop made requests wait, not yet worked off
    double cost_ns;   // loop time of one request
  };

  // What all classes share.
  struct Setting {
    double max_delay_ns;
    bool late;         // the loop's last turn was long
    bool saturated;    // the loop had no time to spare in the last window
    bool overdue;      // requests of the last window came too late already
    uint64_t settled;  // what began before may have queued behind a class that is held back since
  };

  // Whether one more fits. `pressed`: the loop is late, and all classes together are beyond what
  // they may have in a burst. What came during a pause, at the rate of before, is no burst.
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
  // So long after its admission its response ended, or after its client had left, its handler.
  void Lasted(double ns);
  void Completed(uint64_t now, uint64_t start, const Setting& setting);
  // The same while another limit holds the class: it shows that one's queue.
  void CompletedElsewhere(double response_ns);
  // One that was let in by nobody: its response tells nothing.
  void CompletedUncounted() { ++completions_; }

  void EndWindow(const Window& window, const Setting& setting);
  // Of this window nothing is to be learnt but how many came; as many will be completed as were let
  // in.
  void SkipWindow(const Window& window);

  bool Evident() const { return detector_.Evident(); }
  void ResetDetector() { detector_.Drop(); }
  void Enforce(const Setting& setting);
  // Enforced from now on, if it was not, for another's requests too, which complete `rate` per ns.
  void Take(const ClassLimit& other, double rate, const Setting& setting);
  void AlsoHolds(uint32_t in_flight) { in_flight_ += in_flight; }
  // This class was part of another until now, and asked for this share of it.
  void SplitFrom(uint64_t now, ClassLimit& other, double share);
  // Another class is split off, and takes this share of X with it, which is returned.
  double GiveAway(double share, const Setting& setting);
  // A response this much above R shows a queue.
  static double EvidentNs(double no_load_ns, double pause_ns, const Setting& setting);
  // Whether the last response took longer than it should: less than evidence, but if others queue,
  // this one does too.
  bool Queues(const Setting& setting) const;
  // What was learnt of R while another limit held the class may have been learnt in its queue.
  void DropGuess();

  // Classes that share a resource must be probed together, or each takes the others' queue for its
  // own service.
  bool WantsProbe(uint64_t now) const;
  void BeginProbe(uint64_t now, const Setting& setting);
  void Drained(uint64_t now) { probe_.Drained(now); }

  // Nobody of it has yet to leave.
  bool Empty() const { return in_flight_ == 0; }
  bool Active() const { return arrivals_ > 0 || completions_ > 0 || in_flight_ > 0; }
  bool Enforcing() const { return enforcing_; }
  bool Probing() const { return enforcing_ && probe_.Running(); }
  bool Exceeded() const { return enforcing_ && in_flight_ > cap_; }
  uint32_t InFlight() const { return in_flight_; }
  uint32_t Completions() const { return completions_; }
  uint32_t Cap() const { return cap_; }
  uint32_t Burst() const { return burst_; }
  // Per ns: X, what is completed and what arrives.
  double Capacity() const { return enforcing_ ? capacity_ : loop_capacity_; }
  double Rate() const { return rate_; }
  double ArrivalRate() const { return arrival_rate_; }
  // R; 0 until something was completed.
  double NoLoadNs() const { return no_load_.Ns() > 0 ? no_load_.Ns() : cost_ns_; }
  // How long the slowest of the recent requests took to end; 0 until one ended.
  double LongestNs() const { return longest_ns_; }
  double Variance() const { return no_load_.Variance(); }
  // Enough was completed to know R.
  bool Known() const { return no_load_.Known(); }
  // How much the last response was above R.
  double QueueNs() const { return queue_ns_; }
  // R as it was measured, without a guess.
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
  double responses_ = 0;  // their sum, ns

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
