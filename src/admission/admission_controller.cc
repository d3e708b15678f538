#include "admission/admission_controller.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// Long enough for a few dozen requests, short enough to react before a person notices.
constexpr uint64_t kWindowNs = 100'000'000;

// A turn of this part of maxDelay says that the loop is late.
constexpr uint64_t kLatePart = 4;

// From this utilization on, the loop has no time to spare.
constexpr double kSaturated = 0.9;

// One class's requests that never end must not hold up the others: so long a class may take to work
// off what it has too many.
constexpr double kPatienceNs = 1e9;
constexpr double kPatienceResponses = 4;

// A loop that is through with what it does must not find the accept queue empty.
constexpr double kLeastQueued = 2;

// A window shows what a request costs if as many began as were completed, but for this part.
constexpr double kSteady = 0.1;

// A class whose requests wait for the loop for more than half of their response time, when nothing
// queues, waits for nothing else to speak of.
constexpr double kOnLoop = 2;

uint64_t PatienceNs(const ClassLimit& limit) {
  return static_cast<uint64_t>(kPatienceNs + kPatienceResponses * limit.NoLoadNs());
}

}  // namespace

AdmissionController::AdmissionController(const Options& options)
    : options_(options),
      maxDelay_(static_cast<double>(options.maxDelayNs)),
      dryRun_(options.dryRun ? std::make_unique<DryRun>() : nullptr),
      queue_(options.maxDelayNs, options.tickNs) {}

AdmissionController::Class& AdmissionController::Known(uint8_t id) {
  Class& entry = classes_[id];
  if (!entry.known) {
    entry.known = true;
    known_[knownCount_++] = id;
  }
  return entry;
}

Verdict AdmissionController::Arrive(uint64_t now, uint8_t id, uint64_t waitNs, bool queued) {
  Class& entry = Known(id);
  if (dryRun_) waitNs = WithoutGhosts(now, id, waitNs, queued);
  const Verdict verdict = Judge(now, entry, waitNs);
  queue_.Saw(now, waitNs, queued, verdict == Verdict::kQueueDelay);
  const bool byLimit = verdict == Verdict::kInFlight;
  if (verdict == Verdict::kAdmit) {
    entry.limit.Admitted();
    if (entry.member) crowd_.limit().Admitted();
    ++inFlight_;
    if (dryRun_) dryRun_->Admitted(now, id, entry.cost.ns(), entry.limit.NoLoadNs());
  } else {
    entry.limit.Refused(byLimit);
    if (entry.member) crowd_.limit().Refused(byLimit);
    if (dryRun_) dryRun_->Refused(id, entry.cost.ns());
  }
  return verdict;
}

// What the request would have waited.
uint64_t AdmissionController::WithoutGhosts(uint64_t now, uint8_t id, uint64_t waitNs,
                                            bool queued) {
  dryRun_->Came(now, waitNs, queued);
  const bool waits = std::max(waitNs, lastBusy_) > queue_.resolutionNs();
  if (!waits || !HeldUp()) return waitNs;
  heldUp_ = true;
  const Class& entry = classes_[id];
  const bool onLoop = entry.cost.ns() * kOnLoop > entry.limit.NoLoadNs();
  while (onLoop && dryRun_->Due(id)) FreePlace(classes_[id]);
  return dryRun_->WaitNs();
}

bool AdmissionController::HeldUp() const {
  return dryRun_ && dryRun_->HeldUp(static_cast<double>(queue_.resolutionNs()));
}

Verdict AdmissionController::Judge(uint64_t now, const Class& entry, uint64_t waitNs) const {
  if (options_.maxInFlight > 0 && inFlight_ >= options_.maxInFlight) return Verdict::kMaxInFlight;
  if (options_.maxDelayNs == 0) return Verdict::kAdmit;
  if (!queue_.Admits(now, waitNs, entry.light)) return Verdict::kQueueDelay;
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  const bool pressed = Late() && burst_ > 0 && inFlight_ >= burst_ + rate_ * pause;
  return HolderOf(entry).Admits(pressed, pause) ? Verdict::kAdmit : Verdict::kInFlight;
}

bool AdmissionController::Late() const { return lastTurn_ * kLatePart >= options_.maxDelayNs; }

ClassLimit::Setting AdmissionController::setting() const {
  return {maxDelay_, Late(), utilization_ > kSaturated || heldUp_, overdue_, settled_};
}

void AdmissionController::Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome) {
  Class& entry = classes_[id];
  const bool completed = outcome == Outcome::kCompleted;
  if (!dryRun_ || FreesPlace(now, id, start, completed)) FreePlace(entry);
  if (draining_) Drain(now);
  if (start == 0) {
    if (completed) entry.limit.CompletedUncounted();
    if (completed && entry.member) crowd_.limit().CompletedUncounted();
    return;
  }
  if (outcome != Outcome::kDetached) entry.limit.Lasted(static_cast<double>(now - start));
  if (completed) Completed(now, entry, start);
}

bool AdmissionController::FreesPlace(uint64_t now, uint8_t id, uint64_t start, bool completed) {
  if (start == 0) {
    dryRun_->GhostLeft(id);
  } else if (dryRun_->Left(id, start)) {
    return true;
  }
  return completed && dryRun_->StandsFor(now, id, classes_[id].limit.NoLoadNs());
}

void AdmissionController::FreePlace(Class& entry) {
  if (entry.limit.empty()) return;
  entry.limit.Left();
  if (entry.member) crowd_.limit().Left();
  --inFlight_;
}

void AdmissionController::Completed(uint64_t now, Class& entry, uint64_t start) {
  const ClassLimit::Setting shared = setting();
  if (entry.member) {
    crowd_.limit().Completed(now, start, shared);
    entry.limit.CompletedElsewhere(static_cast<double>(now - start));
    return;
  }
  entry.limit.Completed(now, start, shared);
  const bool counts = start >= settled_ && !entry.limit.enforcing();
  if (counts && Crowd::Small(entry.limit, kWindowNs)) crowd_.Saw(entry.limit.queueNs());
}

bool AdmissionController::Forget(uint8_t id) {
  Class& entry = classes_[id];
  if (!entry.limit.empty() || (dryRun_ && !dryRun_->Empty(id))) return false;
  entry.limit = ClassLimit();
  entry.cost = LoopCost();
  entry.light = entry.member = false;
  return true;
}

void AdmissionController::Split(uint8_t id, double share) {
  Class& whole = classes_[0];
  Class& part = Known(id);
  part.cost = whole.cost;
  part.limit.SplitFrom(windowBegun_, whole.limit, share);
  if (whole.member) {
    part.member = true;
  } else if (whole.limit.enforcing()) {
    const ClassLimit::Setting shared = setting();
    const double capacity = whole.limit.GiveAway(share, shared);
    part.member = Crowd::Small(part.limit, kWindowNs);
    ClassLimit& holder = part.member ? crowd_.limit() : part.limit;
    holder.Take(whole.limit, capacity, shared);
  }
}

void AdmissionController::OnTurn(uint64_t now, uint64_t busyNs) {
  const double share = HeldUp() ? dryRun_->Share() : 1;
  lastBusy_ = busyNs;
  lastTurn_ = static_cast<uint64_t>(share * static_cast<double>(busyNs));
  queue_.OnTurn(now, lastTurn_, share);
  busy_ += static_cast<double>(busyNs);
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
}

void AdmissionController::EndWindow(uint64_t now) {
  const auto elapsed = static_cast<double>(now - windowBegun_);
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  utilization_ = busy_ / elapsed;
  overdue_ = queue_.overdue();
  if (heldUp_) settled_ = now;
  EndClassWindows({now, elapsed, busy_, pause, 0});
  queue_.EndInterval(now);
  EnforceOne(now);
  Probe(now);
  if (draining_ && now > drainBy_) Measure(now);
  ShareOut();
  windowBegun_ = now;
  busy_ = 0;
  heldUp_ = false;
}

void AdmissionController::EndClassWindows(const ClassLimit::Window& window) {
  const ClassLimit::Setting shared = setting();
  LearnCosts();
  burst_ = rate_ = arrivalRate_ = 0;
  ForEachClass([&](Class& entry) {
    if (entry.limit.active()) burst_ += entry.limit.burst();
    ClassLimit::Window own = window;
    own.costNs = entry.cost.ns();
    if (heldUp_) {
      entry.limit.SkipWindow(own);
    } else {
      entry.limit.EndWindow(own, shared);
    }
    rate_ += entry.limit.rate();
    arrivalRate_ += entry.limit.arrivalRate();
  });
  if (!heldUp_) EndCrowd(window);
}

void AdmissionController::EndCrowd(const ClassLimit::Window& window) {
  const ClassLimit::Setting shared = setting();
  const bool enforced = crowd_.enforcing();
  Crowd::Free free;
  ForEachClass([&](Class& entry) {
    const ClassLimit& limit = entry.limit;
    if (limit.rate() > 0 && !limit.enforcing() && Crowd::Small(limit, kWindowNs)) free.Add(limit);
  });
  crowd_.EndWindow(window, free, shared);
  if (crowd_.enforcing()) return JoinCrowd(shared);
  if (!enforced) return;
  ForEachClass([](Class& entry) {
    if (entry.member) entry.limit.DropGuess();
    entry.member = false;
  });
  crowd_.Dissolve();
}

void AdmissionController::JoinCrowd(const ClassLimit::Setting& setting) {
  ForEachClass([&](Class& entry) {
    if (entry.member || !Crowd::Small(entry.limit, kWindowNs)) return;
    if (!Crowd::Takes(entry.limit, setting)) return;
    crowd_.Join(entry.limit, setting);
    entry.member = true;
  });
}

// Without a limit the requests present may become more and more. What they have cost so far is then
// blamed on the few that are completed.
bool AdmissionController::Steady(double completions) {
  if (!dryRun_) return true;
  const double more = static_cast<double>(dryRun_->present()) - present_;
  present_ = dryRun_->present();
  return std::abs(more) <= kSteady * completions;
}

void AdmissionController::LearnCosts() {
  double predicted = 0;
  double completions = 0;
  ForEachClass([&](Class& entry) {
    predicted += entry.cost.ns() * entry.limit.completions();
    completions += entry.limit.completions();
  });
  const bool steady = Steady(completions);
  if (completions == 0) return;
  ForEachClass([&](Class& entry) {
    if (!steady && entry.cost.ns() > 0) return;
    entry.cost.Learn(predicted, busy_, entry.limit.completions(), busy_ / completions,
                     entry.limit.measuredNs());
  });
}

// One class at a time, that with most in flight: those that only suffer from it recover once it is
// held back, and until then their evidence counts only if they have more in flight than it had.
void AdmissionController::EnforceOne(uint64_t now) {
  bool settled = true;
  ForEachLimit([&](ClassLimit& limit) { settled &= !limit.Exceeded(); });
  if (now > settleBy_) settled = true;
  if (settled && settling_) {
    settled_ = now;
    ForEachLimit([](ClassLimit& limit) { limit.ResetDetector(); });
    crowd_.ResetDetector();
  }
  settling_ = !settled;
  ClassLimit* worst = nullptr;
  ForEachClass([&](Class& entry) {
    ClassLimit& limit = entry.limit;
    if (limit.evident() && (!worst || limit.inFlight() > worst->inFlight())) worst = &limit;
  });
  const bool crowded = crowd_.evident() && (!worst || crowd_.inFlight() > worst->inFlight());
  if (!worst && !crowded) return;
  const uint32_t inFlight = crowded ? crowd_.inFlight() : worst->inFlight();
  if (settling_ && inFlight <= lastWorst_) return;
  lastWorst_ = inFlight;
  if (crowded) {
    JoinCrowd(setting());
    crowd_.ResetDetector();
  } else {
    worst->Enforce(setting());
  }
  settleBy_ = now + PatienceNs(crowded ? crowd_.limit() : *worst);
}

// While the admission controller only observes, no queue drains, and a probe would take it for the
// service.
void AdmissionController::Probe(uint64_t now) {
  bool wanted = false;
  ForEachLimit([&](ClassLimit& limit) { wanted |= limit.WantsProbe(now); });
  if (!wanted || options_.dryRun) return;
  ForEachLimit([&](ClassLimit& limit) {
    if (!limit.enforcing()) return;
    limit.BeginProbe(now, setting());
    drainBy_ = std::max(drainBy_, now + PatienceNs(limit));
  });
  draining_ = true;
  Drain(now);
}

void AdmissionController::Drain(uint64_t now) {
  bool drained = true;
  ForEachLimit([&](ClassLimit& limit) { drained &= !(limit.probing() && limit.Exceeded()); });
  if (drained) Measure(now);
}

void AdmissionController::Measure(uint64_t now) {
  ForEachLimit([&](ClassLimit& limit) { limit.Drained(now); });
  draining_ = false;
}

bool AdmissionController::mayRefuseWaiting() const {
  return queue_.standing() && options_.maxDelayNs > 0 && !options_.dryRun;
}

// What came during a pause, at the rate of before, is no overload.
uint32_t AdmissionController::MayQueue(uint64_t now) const {
  const auto wait = static_cast<double>(std::max(queue_.LimitNs(now), queue_.PauseNs(now)));
  return static_cast<uint32_t>(std::max(kLeastQueued, rate_ * wait));
}

uint32_t AdmissionController::Excess(uint64_t now, uint32_t length) const {
  if (!mayRefuseWaiting()) return 0;
  const uint32_t standing = std::min(length, queue_.shortestOfLate());
  const uint32_t may = MayQueue(now);
  return standing > may ? standing - may : 0;
}

// A class that asks for less than an equal share of the loop's time did not make its queue, and
// does not pay for it.
void AdmissionController::ShareOut() {
  double served = 0;
  int sharers = 0;
  ForEachClass([&](Class& entry) {
    const double share = entry.limit.rate() * entry.cost.ns();
    served += share;
    sharers += share > 0;
  });
  ForEachClass([&](Class& entry) {
    entry.light = entry.limit.arrivalRate() * entry.cost.ns() * sharers < served;
  });
}

}  // namespace spillway
