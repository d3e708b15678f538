#pragma once

#include <cstdint>

#include "baseline.h"

namespace spillway {

// Gate 2 for one class of requests: how many of it may be in flight. By Little's law (L = lambda W)
// a class that completes X a second answers within R + Q when X (R + Q) are in flight: R its
// response time when nothing queues, Q the queueing allowed. Enforced only while queueing is
// evident.
class ClassLimit final {
 public:
  // The loop during a window: how long the window and how much of it busy.
  struct Window {
    double elapsedNs;
    double busyNs;
    double pauseNs;
  };

  // What a completion is judged by. `late`: the loop is, so responses say nothing of the baseline.
  // A request that began before `settled` may have queued behind a class that is held back now.
  struct Setting {
    double maxDelayNs;
    bool late;
    uint64_t settled;
  };

  // Whether one more fits. `pressed`: the loop is late, and all classes together are beyond what
  // they may have in a burst. What came during a pause of the loop, at the rate of before, is no
  // burst.
  bool Admits(bool pressed, double pauseNs) const {
    if (enforcing_) return inFlight_ < cap_;
    return !pressed || inFlight_ < burst_ + rate_ * pauseNs || inFlight_ == 0;
  }

  void Admitted() {
    ++arrivals_;
    ++inFlight_;
  }
  void Refused(bool byThisGate) {
    ++arrivals_;
    refusals_ += byThisGate;
  }
  void Left() { inFlight_ -= inFlight_ > 0; }
  void Completed(uint64_t now, uint64_t start, const Setting& setting);

  void EndWindow(const Window& window, double maxDelayNs);
  // The loop time that this window's completions are thought to have cost; told afterwards what all
  // of them did cost.
  double PredictedNs() const { return cost_ * completions_; }
  void Learn(double predictedNs, double busyNs, double meanNs);

  // The window that ended shows queueing, and the class is not enforced yet.
  bool evident() const { return evident_; }
  void DiscardEvidence();
  void Enforce(double maxDelayNs);

  // Classes that share a resource must be probed together, or each takes the others' queue for its
  // own service.
  bool WantsProbe(uint64_t now) const;
  void BeginProbe(double maxDelayNs);
  void MeasureFrom(uint64_t now);
  bool drained() const { return inFlight_ <= cap_; }

  bool active() const { return arrivals_ > 0 || completions_ > 0 || inFlight_ > 0; }
  bool enforcing() const { return enforcing_; }
  bool probing() const { return probing_; }
  uint32_t inFlight() const { return inFlight_; }
  uint32_t completions() const { return completions_; }
  uint32_t cap() const { return cap_; }
  uint32_t burst() const { return burst_; }
  // Completions a second, and the response time without a queue.
  double capacity() const { return (enforcing_ ? capacity_ : loopCapacity_) * 1e9; }
  // Per ns.
  double rate() const { return rate_; }
  double BaselineNs() const;
  // The part of the loop's time that the class asks for, and that it gets.
  double demand() const { return arrivalRate_ * cost_; }
  double share() const { return rate_ * cost_; }

 private:
  double AllowedNs(double maxDelayNs) const;
  void SetLimits(double maxDelayNs);
  bool SeesQueue(const Window& window, double maxDelayNs) const;
  void EndProbe(uint64_t now, double maxDelayNs);

  Baseline baseline_;
  uint32_t inFlight_ = 0;
  uint32_t cap_ = 0;
  uint32_t burst_ = 0;
  bool enforcing_ = false;
  bool evident_ = false;
  bool probing_ = false;

  // Of the window.
  uint32_t arrivals_ = 0;
  uint32_t refusals_ = 0;
  uint32_t completions_ = 0;
  bool probed_ = false;

  // Of the responses not yet judged.
  uint32_t responses_ = 0;
  double judgedNs_ = 0;
  double sum_ = 0;
  double squares_ = 0;

  // Smoothed over windows; rates are per ns.
  double arrivalRate_ = 0;
  double rate_ = 0;
  double judgedRate_ = 0;
  double capacity_ = 0;
  double busy_ = 0;
  double loopCapacity_ = 0;
  double cost_ = 0;
  double calmNs_ = 0;

  uint64_t probeAt_ = 0;
  double probedCapacity_ = 0;
  uint64_t measureFrom_ = 0;
  uint32_t probeResponses_ = 0;
  double probeSum_ = 0;
};

}  // namespace spillway
