#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "admission/class_limit.h"
#include "admission/crowd.h"
#include "admission/dry_run.h"
#include "admission/loop_cost.h"
#include "admission/queue_delay.h"

namespace spillway {

enum class Verdict : uint8_t { kAdmit, kQueueDelay, kInFlight, kMaxInFlight };

// Only what was completed counts as done. Abandoned: the client left. Detached: an upgrade or an
// event stream, which lasts as long as it likes and so says nothing of service.
enum class Outcome : uint8_t { kCompleted, kAbandoned, kDetached };

// The admission controller. Times are ns of one monotonic clock, classes numbers that the caller
// gives. The caller tells of every turn of the loop, and reports every request that it let in once,
// when it departs. One that was refused it reports only in a dry run, where it let that in too: its
// start is then 0.
class AdmissionController final {
 public:
  static constexpr int kClasses = 256;

  struct Options {
    uint64_t max_delay_ns;   // 0: no controller, maxInFlight alone
    uint32_t max_in_flight;  // 0: none
    uint64_t tick_ns;        // resolution of the waits
    bool dry_run;            // a dry run: the caller lets in what is refused
  };

  explicit AdmissionController(const Options& options);
  AdmissionController(const AdmissionController&) = delete;
  AdmissionController& operator=(const AdmissionController&) = delete;

  // `queued`: its connection was accepted just before, so that it came through the accept queue.
  Verdict Arrive(uint64_t now, uint8_t id, uint64_t wait_ns, bool queued);
  void Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome);
  // The turn ends now; for `busyNs` of it the loop did not wait for events. Windows of time end
  // with turns.
  void OnTurn(uint64_t now, uint64_t busy_ns);
  // The number stands for another class from now on. False, and nothing is changed, while requests
  // of the present one are in flight.
  bool Forget(uint8_t id);
  // Class `id`, of which nobody was seen yet, was part of class 0 until now, and asks for this
  // share of its requests, 0 to 1. What is still in flight stays with class 0.
  void Split(uint8_t id, double share);
  // So many were refused before they reached Arrive.
  void Spilled(uint32_t count) { queue_.Spilled(count); }
  // So many connections wait to be accepted; to be told before OnTurn, or never.
  void Queued(uint32_t length) { queue_.Queued(length); }
  // How many of so many that wait to be accepted are to be refused: 0 while no queue stands. Not
  // those that a burst has brought and that can be served in time.
  uint32_t Excess(uint64_t now, uint32_t length) const;
  // How many can be served before they have waited too long.
  uint32_t MayQueue(uint64_t now) const;
  bool MayRefuseWaiting() const;

  const ClassLimit& Limit(uint8_t id) const { return classes_[id].limit; }
  // The limit that holds the class: its own, or that of the crowd.
  const ClassLimit& Holder(uint8_t id) const { return HolderOf(classes_[id]); }
  double CostNs(uint8_t id) const { return classes_[id].cost.Ns(); }
  bool Light(uint8_t id) const { return classes_[id].light; }
  const QueueDelay& Queue() const { return queue_; }
  uint32_t InFlight() const { return in_flight_; }
  double Utilization() const { return utilization_; }
  // Per ns, of all classes together.
  double Rate() const { return rate_; }
  double ArrivalRate() const { return arrival_rate_; }

 private:
  struct Class {
    ClassLimit limit;
    LoopCost cost;
    bool known = false;
    bool light = false;
    bool member = false;  // of the crowd
  };

  Class& Known(uint8_t id);
  Verdict Judge(uint64_t now, const Class& entry, uint64_t wait_ns) const;
  uint64_t WithoutGhosts(uint64_t now, uint8_t id, uint64_t wait_ns, bool queued);
  bool HeldUp() const;
  bool FreesPlace(uint64_t now, uint8_t id, uint64_t start, bool completed);
  void FreePlace(Class& entry);
  void Completed(uint64_t now, Class& entry, uint64_t start);
  bool Late() const;
  ClassLimit::Setting Setting() const;
  void EndWindow(uint64_t now);
  void EndClassWindows(const ClassLimit::Window& window);
  bool Steady(double completions);
  void LearnCosts();
  void EndCrowd(const ClassLimit::Window& window);
  void JoinCrowd(const ClassLimit::Setting& setting);
  void EnforceOne(uint64_t now);
  void Probe(uint64_t now);
  void Drain(uint64_t now);
  void Measure(uint64_t now);
  void ShareOut();

  template <typename Visit>
  void ForEachClass(Visit visit) {
    for (int i = 0; i < known_count_; ++i) visit(classes_[known_[i]]);
  }
  template <typename Visit>
  void ForEachLimit(Visit visit) {
    ForEachClass([&](Class& entry) { visit(entry.limit); });
    visit(crowd_.Limit());
  }
  const ClassLimit& HolderOf(const Class& entry) const {
    return entry.member ? crowd_.Limit() : entry.limit;
  }

  const Options options_;
  const double max_delay_;
  const std::unique_ptr<DryRun> dry_run_;  // null where the admission controller is enforced
  QueueDelay queue_;
  std::array<Class, kClasses> classes_;
  Crowd crowd_;
  std::array<uint8_t, kClasses> known_{};
  int known_count_ = 0;

  uint32_t in_flight_ = 0;
  double burst_ = 0;
  double rate_ = 0;
  double arrival_rate_ = 0;
  double utilization_ = 0;
  uint32_t present_ = 0;  // when the last window ended, in a dry run
  bool held_up_ = false;  // ghosts held up the loop in this window

  uint64_t window_begun_ = 0;
  double busy_ = 0;
  uint64_t last_busy_ = 0;
  uint64_t last_turn_ = 0;  // without ghosts
  bool settling_ = false;
  uint64_t settle_by_ = 0;
  uint64_t settled_ = 0;
  uint32_t last_worst_ = 0;
  bool overdue_ = false;
  bool draining_ = false;
  uint64_t drain_by_ = 0;
};

}  // namespace spillway
