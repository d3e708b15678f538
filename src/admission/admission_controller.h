#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "admission/claims.h"
#include "admission/class_limit.h"
#include "admission/crowd.h"
#include "admission/dry_run.h"
#include "admission/expected_response.h"
#include "admission/loop_cost.h"
#include "admission/queue_delay.h"
#include "loop/turn.h"

namespace spillway {

/// What the controller decides about a request: kAdmit, or the rule that it exceeds: the delay
/// limit (kQueueDelay), its concurrency limit (kInFlight) or Options::max_in_flight. kFairShare:
/// its client has used up its fair share, and one of the first two limits left nothing over for it.
/// kPriority: the same, because requests with a higher priority need all of the capacity.
/// kDeadline: its client would no longer wait for the response.
enum class Verdict : uint8_t {
  kAdmit,
  kQueueDelay,
  kInFlight,
  kMaxInFlight,
  kFairShare,
  kPriority,
  kDeadline
};

/// How a request ended. Only kCompleted counts as work that was done. kAbandoned: the client left.
/// kDetached: an upgrade or an event stream, whose duration says nothing about the service time.
enum class Outcome : uint8_t { kCompleted, kAbandoned, kDetached };

/// Decides which requests to admit, by two rules: the delay limit (QueueDelay) and the concurrency
/// limit of each class of requests (ClassLimit).
///
/// Times are ns of one monotonic clock. A class is a number that the caller assigns. The caller
/// reports every turn of the loop, and calls Depart() once for each request that it let in. In a
/// dry run it lets in refused requests too, and reports their departure with a start of 0.
class AdmissionController final {
 public:
  static constexpr int kClasses = 256;

  struct Options {
    uint64_t max_delay_ns;   // 0: no limits except max_in_flight
    uint32_t max_in_flight;  // 0: no limit
    uint64_t tick_ns;        // resolution of the measured waits
    bool dry_run;            // the caller lets in refused requests too
    uint64_t fair_seed;      // random, for fair shares of clients; 0: no fair shares
  };

  explicit AdmissionController(const Options& options);
  AdmissionController(const AdmissionController&) = delete;
  AdmissionController& operator=(const AdmissionController&) = delete;

  /// A request of class `id` reaches its handler after `wait_ns`. `queued`: its connection was
  /// accepted just before, so the request waited in the accept queue. `sender`: null if unknown, or
  /// without fair shares and priorities.
  Verdict Arrive(uint64_t now, uint8_t id, uint64_t wait_ns, bool queued,
                 const Sender* sender = nullptr);
  /// The request that was admitted at `start` has ended. `start` may be later than `now` by a
  /// rounding error: JavaScript holds it as a double, which is exact only in the first 104 days of
  /// uptime.
  void Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome);
  /// A turn ends now. Must be called for each turn: the controller evaluates its measurements here,
  /// about every 100 ms.
  void OnTurn(const Turn& turn);
  /// Whether Arrive() admits every request that has not waited. This changes only in OnTurn().
  bool AdmitsAll() const {
    return !dry_run_ && options_.max_in_flight == 0 && !enforcing_any_ &&
           (options_.max_delay_ns == 0 || (!queue_.Stands() && !Late()));
  }
  /// Frees the number for another class. Returns false, and changes nothing, while requests of the
  /// current class are in flight.
  bool Forget(uint8_t id);
  /// Class `id`, which has had no requests yet, was part of class 0 until now, with `share` of its
  /// requests, 0 to 1. Requests in flight stay with class 0.
  void Split(uint8_t id, double share);
  /// `count` connections were refused from the accept queue, without a call of Arrive().
  void Spilled(uint32_t count) { queue_.Spilled(count); }
  /// `length` connections wait to be accepted. Call it before OnTurn(), in every turn or never.
  void Queued(uint32_t length) { queue_.Waiting().Report(length); }
  /// How many of the `length` connections in the accept queue to refuse, because they have waited
  /// too long: 0 while no queue stands.
  uint32_t Excess(uint64_t now, uint32_t length) const;
  /// How many connections may wait to be accepted: as many as can be served within the delay limit.
  uint32_t MayQueue(uint64_t now) const;
  /// Whether connections may be refused from the accept queue: a queue stands, and this is not a
  /// dry run.
  bool MayRefuseWaiting() const;
  /// Requests have priorities from now on.
  void UsePriorities();
  /// Must be called before the first request, if requests have deadlines.
  void UseDeadlines() { uses_deadlines_ = true; }
  /// Whether clients have fair shares, or requests priorities.
  bool HasClaims() const { return claims_ != nullptr; }
  struct Offer {
    Asked asked;
    uint64_t limit_ns;  // for how long it may wait in total
  };
  /// With claims: a connection of `sender` was taken from the accept queue, and has waited for
  /// `wait_ns`. Returns nothing if it is refused. Otherwise HandedOver() or Expired() must follow.
  std::optional<Offer> Take(uint64_t now, const Sender& sender, uint64_t wait_ns);
  /// The connection is handed over to Node, which will call Arrive().
  void HandedOver(uint64_t now, const Asked& asked);
  /// The connection has waited for too long, or is closed.
  void Expired(const Asked& asked);

  const ClassLimit& Limit(uint8_t id) const { return classes_[id].limit; }
  /// The limit that applies to the class: its own, or that of the crowd.
  const ClassLimit& Holder(uint8_t id) const { return HolderOf(classes_[id]); }
  /// Q, the queueing time that the limit of the class allows.
  double AllowedQueueNs(uint8_t id) const { return Holder(id).AllowedQueueNs(Setting()); }
  double CostNs(uint8_t id) const { return classes_[id].cost.Ns(); }
  bool Light(uint8_t id) const { return classes_[id].light; }
  const QueueDelay& Queue() const { return queue_; }
  uint32_t InFlight() const { return in_flight_; }
  double Utilization() const { return utilization_; }
  /// Completions and arrivals per ns, of all classes together.
  double Rate() const { return rate_; }
  double ArrivalRate() const { return arrival_rate_; }
  /// Null without fair shares.
  FairShares* Shares() { return claims_ ? claims_->Shares() : nullptr; }
  /// How much of the loop's time a client with a weight of 1 may use, 0 to 1.
  double FairRate() const;
  /// Of the loop's time; null without priorities.
  const PriorityCutoff* Cutoff() const;

 private:
  struct Class {
    ClassLimit limit;
    LoopCost cost;
    bool known = false;
    bool light = false;
    bool member = false;                                   // of the crowd
    std::unique_ptr<ExpectedResponse> expected = nullptr;  // null without deadlines
  };

  Class& Known(uint8_t id);
  void Admit(uint64_t now, uint8_t id);
  void Refuse(uint8_t id, Verdict verdict);
  std::optional<Asked> Ask(uint64_t now, uint8_t id, const Sender* sender);
  size_t BottleneckOf(uint8_t id) const;
  /// By the deadline of the request. Once in a while, one that is too late counts as in time, to
  /// find out whether the estimate is too high.
  static bool IsTooLate(uint64_t now, const Class& entry, uint64_t wait_ns, const Sender* sender);
  static bool IsLateByQueue(const Class& entry, uint64_t wait_ns, const Sender& sender);
  /// 0 if it is not known.
  static double ExpectedNs(const Class& entry);
  Verdict Judge(uint64_t now, Class& entry, uint64_t wait_ns, bool queued, const Claim& claim);
  uint64_t WithoutGhosts(uint64_t now, uint8_t id, uint64_t wait_ns, bool queued);
  bool Overtakes(const Claim& claim) const;
  bool HeldUp() const;
  bool IsFull() const { return options_.max_in_flight > 0 && in_flight_ >= options_.max_in_flight; }
  bool FreesPlace(uint64_t now, uint8_t id, uint64_t start, bool completed);
  void FreePlace(uint64_t now, Class& entry);
  void Completed(uint64_t now, Class& entry, uint64_t start);
  bool Late() const;
  ClassLimit::Setting Setting() const;
  void EndWindow(uint64_t now);
  void EndClassWindows(const ClassLimit::Window& window);
  bool Steady(double completions);
  void LearnCosts();
  void EndCrowd(const ClassLimit::Window& window);
  void JoinCrowd(uint64_t now, const ClassLimit::Setting& setting);
  void EnforceOne(uint64_t now);
  void Probe(uint64_t now);
  void Drain(uint64_t now);
  void Measure(uint64_t now, bool in_time);
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
  ClassLimit& HolderOf(Class& entry) { return entry.member ? crowd_.Limit() : entry.limit; }

  const Options options_;
  const double max_delay_;
  const std::unique_ptr<DryRun> dry_run_;  // null unless this is a dry run
  std::unique_ptr<Claims> claims_;         // null without fair shares and priorities
  QueueDelay queue_;

  std::array<Class, kClasses> classes_;
  Crowd crowd_;
  bool uses_deadlines_ = false;
  std::array<uint8_t, kClasses> known_{};
  int known_count_ = 0;

  uint32_t in_flight_ = 0;
  double burst_ = 0;
  double rate_ = 0;
  double arrival_rate_ = 0;
  double utilization_ = 0;
  // Connections that were taken, and neither handed over nor refused, by their claims.
  std::array<uint32_t, static_cast<size_t>(Claim::Kind::kBelow) + 1> taken_{};
  uint32_t present_ = 0;  // in a dry run: requests present when the last window ended
  bool held_up_ = false;  // in a dry run: ghosts delayed the loop in this window

  uint64_t turn_ = 1;
  uint64_t window_begun_ = 0;
  double busy_ = 0;
  uint64_t last_busy_ = 0;
  uint64_t last_turn_ = 0;  // duration of the last turn, without ghosts, ns
  uint64_t settle_by_ = 0;  // until then, the excess of the class limited last may drain; or 0
  uint64_t settled_ = 0;
  uint32_t last_worst_ = 0;
  bool overdue_ = false;
  bool enforcing_any_ = false;
  uint64_t drain_by_ = 0;  // until then, queues may drain before a probe; 0 while none drains
};

}  // namespace spillway
