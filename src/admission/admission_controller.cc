#include "admission/admission_controller.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// The controller evaluates its measurements once in a window. A window is long enough for a few
// dozen requests, and short enough that the controller reacts before a person notices.
constexpr uint64_t kWindowNs = 100'000'000;

// The loop is late if its last turn took more than a quarter of the delay limit.
constexpr uint64_t kLatePart = 4;

// From this utilization on, the loop has no time to spare.
constexpr double kSaturated = 0.9;

// How long to wait for one class to work off its excess requests: 1 s plus four no-load response
// times. The bound keeps a class whose requests never end from holding up the others.
constexpr double kPatienceNs = 1e9;
constexpr double kPatienceResponses = 4;

// When JavaScript accepts a connection, its wait may seem longer by the kernel's resolution, and a
// refusal costs more. So connections that are almost too old are refused together with those that
// are. This shortens the limit to no less than half.
constexpr uint64_t kSurelyPart = 2;

// In a dry run, a window shows the cost of a request only if arrivals and completions differ by at
// most 10 %.
constexpr double kSteady = 0.1;

// A class is bound by the loop if its requests use the loop for more than a third of their no-load
// response time (1 / kOnLoop).
constexpr double kOnLoop = 3;

// The numbers of the bottlenecks that clients have shares of. Class `id` has kFirstClass + id.
enum Bottleneck : size_t { kLoop, kCrowd, kFirstClass };
static_assert(kFirstClass + AdmissionController::kClasses == FairShares::kBottlenecks);

uint64_t PatienceNs(const ClassLimit& limit) {
  return static_cast<uint64_t>(kPatienceNs + kPatienceResponses * limit.NoLoadNs());
}

}  // namespace

AdmissionController::AdmissionController(const Options& options)
    : options_(options),
      max_delay_(static_cast<double>(options.max_delay_ns)),
      dry_run_(options.dry_run ? std::make_unique<DryRun>() : nullptr),
      claims_(options.fair_seed > 0 ? std::make_unique<Claims>(options.fair_seed) : nullptr),
      queue_(options.max_delay_ns, options.tick_ns) {}

AdmissionController::Class& AdmissionController::Known(uint8_t id) {
  Class& entry = classes_[id];
  if (!entry.known) {
    entry.known = true;
    known_[known_count_++] = id;
    if (uses_deadlines_) entry.expected = std::make_unique<ExpectedResponse>();
  }
  return entry;
}

Verdict AdmissionController::Arrive(uint64_t now, uint8_t id, uint64_t wait_ns, bool queued,
                                    const Sender* sender) {
  Class& entry = Known(id);
  if (dry_run_) wait_ns = WithoutGhosts(now, id, wait_ns, queued);
  const bool is_too_late = IsTooLate(now, entry, wait_ns, sender);
  const bool by_wait = is_too_late && IsLateByQueue(entry, wait_ns, *sender);
  const std::optional<Asked> asked = is_too_late ? std::nullopt : Ask(now, id, sender);
  const Claim claim = asked ? asked->claim : Claim();
  const Verdict verdict =
      is_too_late ? Verdict::kDeadline : Judge(now, entry, wait_ns, queued, claim);
  queue_.Saw(wait_ns, queued, by_wait || verdict == Verdict::kQueueDelay);
  if (verdict == Verdict::kInFlight) queue_.RefusedByOther();
  if (verdict == Verdict::kAdmit) {
    Admit(now, id);
  } else {
    Refuse(id, verdict);
  }
  if (!asked) return verdict;
  if (verdict == Verdict::kAdmit) {
    claims_->Admitted(*asked);
  } else {
    claims_->Refused(*asked);
  }
  const bool by_claim = verdict == Verdict::kQueueDelay || verdict == Verdict::kInFlight;
  if (by_claim && claim.kind == Claim::Kind::kBeyond) return Verdict::kFairShare;
  if (by_claim && claim.kind == Claim::Kind::kBelow) return Verdict::kPriority;
  return verdict;
}

void AdmissionController::Admit(uint64_t now, uint8_t id) {
  Class& entry = classes_[id];
  if (entry.expected) entry.expected->Admitted(now, entry.limit.InFlight());
  entry.limit.Admitted(now, entry.member);
  if (entry.member) crowd_.Limit().Admitted(now, false);
  ++in_flight_;
  if (dry_run_) dry_run_->Admitted(now, id, entry.cost.Ns(), entry.limit.NoLoadNs());
}

void AdmissionController::Refuse(uint8_t id, Verdict verdict) {
  Class& entry = classes_[id];
  const bool by_concurrency_limit = verdict == Verdict::kInFlight;
  entry.limit.Refused(by_concurrency_limit);
  if (entry.member) crowd_.Limit().Refused(by_concurrency_limit);
  if (dry_run_) dry_run_->Refused(id, entry.cost.Ns());
}

// Claims are to what is scarce: the loop's time, or what the class waits for. A request takes 1 / X
// of the time of the class's bottleneck. `max_in_flight` knows no claims.
std::optional<Asked> AdmissionController::Ask(uint64_t now, uint8_t id, const Sender* sender) {
  if (!claims_ || !sender || options_.max_delay_ns == 0 || IsFull()) return std::nullopt;
  const Class& entry = classes_[id];
  const ClassLimit& holder = HolderOf(entry);
  const double cost = entry.cost.Ns() > 0 ? entry.cost.Ns() : queue_.CostNs();
  if (!queue_.Stands() && !holder.Enforcing()) {
    // Another class is held back.
    const bool limits_loop = enforcing_any_ && utilization_ > kSaturated;
    return limits_loop ? claims_->AskBelow(kLoop, *sender, cost) : std::nullopt;
  }
  const size_t bottleneck = BottleneckOf(id);
  if (bottleneck != kLoop) return claims_->Ask(now, bottleneck, *sender, 1 / holder.Capacity());
  return claims_->AskAgain(now, kLoop, *sender, cost);
}

size_t AdmissionController::BottleneckOf(uint8_t id) const {
  const Class& entry = classes_[id];
  const ClassLimit& holder = HolderOf(entry);
  if (utilization_ > kSaturated || !holder.Enforcing() || holder.Capacity() == 0) return kLoop;
  return entry.member ? kCrowd : kFirstClass + id;
}

void AdmissionController::UsePriorities() {
  if (!claims_) claims_ = std::make_unique<Claims>(0);
  claims_->UsePriorities();
}

double AdmissionController::FairRate() const {
  return claims_ && claims_->Shares() ? claims_->Shares()->Rate(kLoop) : 0;
}

const PriorityCutoff* AdmissionController::Cutoff() const {
  return claims_ ? claims_->Cutoff(kLoop) : nullptr;
}

// What is left over is enough for one request at a time: a longer queue of weak claims would delay
// the others.
std::optional<AdmissionController::Offer> AdmissionController::Take(uint64_t now,
                                                                    const Sender& sender,
                                                                    uint64_t wait_ns) {
  const Asked asked = claims_->Ask(now, kLoop, sender, queue_.CostNs());
  const uint64_t limit = queue_.KeptNs(asked.claim);
  if (wait_ns > limit || (asked.claim.IsWeak() && Overtakes(asked.claim))) {
    claims_->Refused(asked);
    return std::nullopt;
  }
  ++taken_[asked.claim.Rank()];
  return Offer{asked, limit};
}

void AdmissionController::HandedOver(uint64_t now, const Asked& asked) {
  --taken_[asked.claim.Rank()];
  claims_->HandedOver(now, asked);
}

void AdmissionController::Expired(const Asked& asked) {
  --taken_[asked.claim.Rank()];
  claims_->Refused(asked);
}

// The time that the request would have waited without ghosts.
uint64_t AdmissionController::WithoutGhosts(uint64_t now, uint8_t id, uint64_t wait_ns,
                                            bool queued) {
  dry_run_->Came(now, wait_ns, queued);
  const bool waits = std::max(wait_ns, last_busy_) > queue_.ResolutionNs();
  if (!waits || !HeldUp()) return wait_ns;
  held_up_ = true;
  const Class& entry = classes_[id];
  const bool on_loop = entry.cost.Ns() * kOnLoop > entry.limit.NoLoadNs();
  while (on_loop && dry_run_->Due(id)) FreePlace(now, classes_[id]);
  return dry_run_->WaitNs();
}

// The loop accepts some connections itself. They must not overtake those that the spill has taken
// and that have a stronger claim. A weak one must not overtake any.
bool AdmissionController::Overtakes(const Claim& claim) const {
  const size_t ranks = claim.IsWeak() ? taken_.size() : claim.Rank();
  for (size_t rank = 0; rank < ranks; ++rank) {
    if (taken_[rank] > 0) return true;
  }
  return false;
}

bool AdmissionController::HeldUp() const {
  return dry_run_ && dry_run_->HeldUp(static_cast<double>(queue_.ResolutionNs()));
}

bool AdmissionController::IsTooLate(uint64_t now, const Class& entry, uint64_t wait_ns,
                                    const Sender* sender) {
  if (!sender || std::isinf(sender->patience_ns)) return false;
  const double left = sender->patience_ns - static_cast<double>(wait_ns);
  if (left <= 0) return true;
  if (!entry.expected) return false;
  if (left < ExpectedNs(entry)) return !entry.expected->Try(now);
  entry.expected->InTime(now);
  return false;
}

// Whether the request would be in time if it had not waited, and it has waited for the greater part
// of the time.
bool AdmissionController::IsLateByQueue(const Class& entry, uint64_t wait_ns,
                                        const Sender& sender) {
  const double expected = ExpectedNs(entry);
  return expected > 0 && expected <= sender.patience_ns && expected < static_cast<double>(wait_ns);
}

// n requests need at least n times the loop's time for one and, with a capacity of X, n / X.
double AdmissionController::ExpectedNs(const Class& entry) {
  if (!entry.expected) return 0;
  const uint32_t others = entry.limit.InFlight();
  const double expected = entry.expected->Ns(others);
  if (expected == 0) return 0;
  const double capacity = entry.limit.Enforcing() ? entry.limit.Capacity() : 0;
  const double each = capacity > 0 ? 1 / capacity : entry.cost.Ns();
  return std::max(expected, ExpectedResponse::kMargin * (others + 1) * each);
}

Verdict AdmissionController::Judge(uint64_t now, Class& entry, uint64_t wait_ns, bool queued,
                                   const Claim& claim) {
  ClassLimit& holder = HolderOf(entry);
  holder.Came(turn_, static_cast<double>(last_turn_));
  if (IsFull()) return Verdict::kMaxInFlight;
  if (options_.max_delay_ns == 0) return Verdict::kAdmit;
  if (queued && queue_.Stands() && Overtakes(claim)) return Verdict::kQueueDelay;
  if (!queue_.Admits(now, wait_ns, queued, entry.light, claim)) return Verdict::kQueueDelay;
  if (claim.kind == Claim::Kind::kBelow && !queue_.Stands() && !holder.Enforcing())
    return Verdict::kInFlight;
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  const bool pressed = Late() && burst_ > 0 && in_flight_ >= burst_ + rate_ * pause;
  return holder.Admits(pressed, pause, claim, Setting()) ? Verdict::kAdmit : Verdict::kInFlight;
}

bool AdmissionController::Late() const { return last_turn_ * kLatePart >= options_.max_delay_ns; }

ClassLimit::Setting AdmissionController::Setting() const {
  return {max_delay_, Late(), utilization_ > kSaturated || held_up_, overdue_, settled_};
}

void AdmissionController::Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome) {
  now = std::max(now, start);
  Class& entry = classes_[id];
  const bool completed = outcome == Outcome::kCompleted;
  if (!dry_run_ || FreesPlace(now, id, start, completed)) FreePlace(now, entry);
  if (drain_by_ > 0) Drain(now);
  if (start == 0) {
    if (completed) entry.limit.CompletedUncounted();
    if (completed && entry.member) crowd_.Limit().CompletedUncounted();
    return;
  }
  if (outcome != Outcome::kDetached) {
    entry.limit.Lasted(static_cast<double>(now - start));
    if (entry.expected) entry.expected->Ended(now, start);
  }
  if (completed) return Completed(now, entry, start);
  entry.limit.Aborted(now, start);
  if (entry.member) crowd_.Limit().Aborted(now, start);
}

bool AdmissionController::FreesPlace(uint64_t now, uint8_t id, uint64_t start, bool completed) {
  if (start == 0) {
    dry_run_->GhostLeft(id);
  } else if (dry_run_->Left(id, start)) {
    return true;
  }
  return completed && dry_run_->StandsFor(now, id, classes_[id].limit.NoLoadNs());
}

void AdmissionController::FreePlace(uint64_t now, Class& entry) {
  if (entry.limit.Empty()) return;
  entry.limit.Left(now);
  if (entry.member) crowd_.Limit().Left(now);
  --in_flight_;
}

void AdmissionController::Completed(uint64_t now, Class& entry, uint64_t start) {
  ClassLimit::Setting shared = Setting();
  // Until R is known, responses under load count for a light class, which did not cause the load,
  // and in a dry run, which does not hold the load back. A class whose cost is unknown only seems
  // light.
  const bool surely_light = entry.light && entry.cost.Ns() > 0;
  if ((surely_light || dry_run_) && !entry.limit.Known()) shared.late = shared.saturated = false;
  if (entry.member) {
    crowd_.Limit().Completed(now, start, shared);
    entry.limit.CompletedUncounted();
    return;
  }
  entry.limit.Completed(now, start, shared);
  const bool counts = start >= settled_ && !entry.limit.Enforcing();
  if (counts && Crowd::Small(entry.limit, kWindowNs)) crowd_.Saw(entry.limit.QueueNs());
}

bool AdmissionController::Forget(uint8_t id) {
  Class& entry = classes_[id];
  if (!entry.limit.Empty() || (dry_run_ && !dry_run_->Empty(id))) return false;
  entry.limit = ClassLimit();
  entry.cost = LoopCost();
  if (entry.expected) *entry.expected = {};
  entry.light = entry.member = false;
  return true;
}

void AdmissionController::Split(uint8_t id, double share) {
  Class& whole = classes_[0];
  Class& part = Known(id);
  part.cost = whole.cost;
  part.limit.SplitFrom(whole.limit, share);
  if (whole.member) {
    part.member = true;
  } else if (whole.limit.Enforcing()) {
    const ClassLimit::Setting shared = Setting();
    const double capacity = whole.limit.GiveAway(share, shared);
    part.member = Crowd::Small(part.limit, kWindowNs);
    ClassLimit& holder = part.member ? crowd_.Limit() : part.limit;
    holder.Take(window_begun_, whole.limit, capacity, StateReason::kSeparated, shared);
  }
}

void AdmissionController::OnTurn(const Turn& turn) {
  ++turn_;
  queue_.Waiting().ReportLongest(turn.queued);
  const double share = HeldUp() ? dry_run_->Share() : 1;
  last_busy_ = turn.busy;
  last_turn_ = static_cast<uint64_t>(share * static_cast<double>(turn.busy));
  queue_.OnTurn(turn.ended_at, last_turn_, turn.lost, share);
  busy_ += static_cast<double>(turn.busy);
  if (turn.ended_at - window_begun_ >= kWindowNs) EndWindow(turn.ended_at);
}

void AdmissionController::EndWindow(uint64_t now) {
  const auto elapsed = static_cast<double>(now - window_begun_);
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  utilization_ = busy_ / elapsed;
  overdue_ = queue_.Overdue();
  if (held_up_) settled_ = now;
  double completions = 0;
  ForEachClass([&](const Class& entry) { completions += entry.limit.Completions(); });
  EndClassWindows({now, elapsed, busy_, pause, 0});
  queue_.EndWindow(now, busy_, completions);
  if (claims_) claims_->EndWindow(now, elapsed);
  EnforceOne(now);
  Probe(now);
  if (drain_by_ > 0 && now > drain_by_) Measure(now, false);
  enforcing_any_ = false;
  ForEachLimit([&](const ClassLimit& limit) { enforcing_any_ |= limit.Enforcing(); });
  ShareOut();
  window_begun_ = now;
  busy_ = 0;
  held_up_ = false;
}

void AdmissionController::EndClassWindows(const ClassLimit::Window& window) {
  const ClassLimit::Setting shared = Setting();
  LearnCosts();
  burst_ = rate_ = arrival_rate_ = 0;
  ForEachClass([&](Class& entry) {
    if (entry.limit.Active()) burst_ += entry.limit.Burst();
    ClassLimit::Window own = window;
    own.cost_ns = entry.cost.Ns();
    if (held_up_) {
      entry.limit.SkipWindow(own);
    } else {
      entry.limit.EndWindow(own, shared);
    }
    rate_ += entry.limit.Rate();
    arrival_rate_ += entry.limit.ArrivalRate();
  });
  if (!held_up_) EndCrowd(window);
}

void AdmissionController::EndCrowd(const ClassLimit::Window& window) {
  const ClassLimit::Setting shared = Setting();
  const bool enforced = crowd_.Enforcing();
  Crowd::Free free;
  ForEachClass([&](Class& entry) {
    const ClassLimit& limit = entry.limit;
    if (limit.Rate() > 0 && !limit.Enforcing() && Crowd::Small(limit, kWindowNs)) free.Add(limit);
  });
  crowd_.EndWindow(window, free, shared);
  if (crowd_.Enforcing()) return JoinCrowd(window.now, shared);
  if (!enforced) return;
  ForEachClass([](Class& entry) {
    if (entry.member) entry.limit.DropGuess();
    entry.member = false;
  });
  crowd_.Dissolve();
}

void AdmissionController::JoinCrowd(uint64_t now, const ClassLimit::Setting& setting) {
  ForEachClass([&](Class& entry) {
    if (entry.member || !Crowd::Small(entry.limit, kWindowNs)) return;
    if (!Crowd::Takes(entry.limit, setting)) return;
    crowd_.Join(now, entry.limit, setting);
    entry.member = true;
  });
}

// Whether the window shows the cost of a request. In a dry run nothing limits the number of
// requests in flight. If it rises, the cost of the unfinished requests would be attributed to the
// few that completed.
bool AdmissionController::Steady(double completions) {
  if (!dry_run_) return true;
  const double more = static_cast<double>(dry_run_->Present()) - present_;
  present_ = dry_run_->Present();
  return std::abs(more) <= kSteady * completions;
}

void AdmissionController::LearnCosts() {
  double predicted = 0;
  double completions = 0;
  ForEachClass([&](Class& entry) {
    predicted += entry.cost.Ns() * entry.limit.Completions();
    completions += entry.limit.Completions();
  });
  const bool steady = Steady(completions);
  if (completions == 0) return;
  ForEachClass([&](Class& entry) {
    if (!steady && entry.cost.Ns() > 0) return;
    entry.cost.Learn(predicted, busy_, entry.limit.Completions(), busy_ / completions,
                     entry.limit.MeasuredNs());
  });
}

// Enforces the limit of one class at a time: the class with the most requests in flight. Classes
// that merely suffer from its queue recover once it is held back. Until then, another class's limit
// is enforced only if that class has more requests in flight than the held-back class had.
void AdmissionController::EnforceOne(uint64_t now) {
  bool exceeded = false;
  ForEachLimit([&](ClassLimit& limit) { exceeded |= limit.Exceeded(); });
  if (settle_by_ > 0 && (!exceeded || now > settle_by_)) {
    settle_by_ = 0;
    settled_ = now;
    ForEachLimit([](ClassLimit& limit) { limit.ResetDetector(); });
    crowd_.ResetDetector();
  }
  ClassLimit* worst = nullptr;
  ForEachClass([&](Class& entry) {
    ClassLimit& limit = entry.limit;
    if (limit.Evident() && (!worst || limit.InFlight() > worst->InFlight())) worst = &limit;
  });
  const bool crowded = crowd_.Evident() && (!worst || crowd_.InFlight() > worst->InFlight());
  if (!worst && !crowded) return;
  const uint32_t in_flight = crowded ? crowd_.InFlight() : worst->InFlight();
  if (settle_by_ > 0 && in_flight <= last_worst_) return;
  last_worst_ = in_flight;
  if (crowded) {
    JoinCrowd(now, Setting());
    crowd_.ResetDetector();
  } else {
    worst->Enforce(now, Setting());
  }
  settle_by_ = now + PatienceNs(crowded ? crowd_.Limit() : *worst);
}

// A dry run refuses nothing, so no queue drains, and a probe would measure the queue as part of the
// service time.
void AdmissionController::Probe(uint64_t now) {
  bool wanted = false;
  ForEachLimit([&](ClassLimit& limit) { wanted |= limit.WantsProbe(now); });
  if (!wanted || options_.dry_run) return;
  ForEachLimit([&](ClassLimit& limit) {
    if (!limit.Enforcing()) return;
    limit.Drain(now, Setting());
    drain_by_ = std::max(drain_by_, now + PatienceNs(limit));
  });
  Drain(now);
}

void AdmissionController::Drain(uint64_t now) {
  bool drained = true;
  ForEachLimit([&](ClassLimit& limit) { drained &= !(limit.Draining() && limit.Exceeded()); });
  if (drained) Measure(now, true);
}

void AdmissionController::Measure(uint64_t now, bool in_time) {
  ForEachLimit([&](ClassLimit& limit) { limit.Measure(now, in_time); });
  drain_by_ = 0;
}

bool AdmissionController::MayRefuseWaiting() const {
  return queue_.Stands() && options_.max_delay_ns > 0 && !options_.dry_run;
}

// Requests that arrived during a pause of the loop are not overload, unless they arrived at a
// higher rate than before it.
uint32_t AdmissionController::MayQueue(uint64_t now) const {
  const auto wait = static_cast<double>(std::max(queue_.LimitNs(now), queue_.PauseNs(now)));
  return static_cast<uint32_t>(std::max(1.0, rate_ * wait));
}

uint32_t AdmissionController::Excess(uint64_t now, uint32_t length) const {
  if (!MayRefuseWaiting()) return 0;
  // Whom to refuse is known only once the connection has been accepted.
  if (claims_) return length;
  const uint64_t limit = queue_.LimitNs(now);
  const uint64_t age = limit - std::min(queue_.ResolutionNs(), limit / kSurelyPart);
  return std::min(length, queue_.Waiting().OlderThan(age));
}

// A class that needs and gets less than an equal share of the loop's time did not cause the queue.
// It is exempt from the shorter limit that applies while a queue stands. What it gets counts too,
// because clients that wait for answers send nothing while their requests queue.
void AdmissionController::ShareOut() {
  double served = 0;
  int sharers = 0;
  ForEachClass([&](Class& entry) {
    const double share = entry.limit.Rate() * entry.cost.Ns();
    served += share;
    sharers += share > 0;
  });
  ForEachClass([&](Class& entry) {
    const double rate = std::max(entry.limit.ArrivalRate(), entry.limit.Rate());
    entry.light = rate * entry.cost.Ns() * sharers < served;
  });
}

}  // namespace spillway
