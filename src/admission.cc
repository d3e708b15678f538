#include "admission.h"

#include <algorithm>

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

uint64_t PatienceNs(const ClassLimit& limit) {
  return static_cast<uint64_t>(kPatienceNs + kPatienceResponses * limit.BaselineNs());
}

}  // namespace

Admission::Admission(const Options& options)
    : options_(options),
      maxDelay_(static_cast<double>(options.maxDelayNs)),
      queue_(options.maxDelayNs, options.tickNs) {}

Verdict Admission::Arrive(uint64_t now, uint8_t id, uint64_t waitNs, bool queued) {
  Class& entry = classes_[id];
  if (!entry.known) {
    entry.known = true;
    known_[knownCount_++] = id;
  }
  const Verdict verdict = Judge(now, entry, waitNs);
  queue_.Saw(now, waitNs, queued, verdict == Verdict::kQueueDelay);
  if (verdict == Verdict::kAdmit) {
    entry.limit.Admitted();
    ++inFlight_;
  } else {
    entry.limit.Refused(verdict == Verdict::kInFlight, options_.observe);
  }
  return verdict;
}

Verdict Admission::Judge(uint64_t now, const Class& entry, uint64_t waitNs) const {
  if (options_.maxInFlight > 0 && inFlight_ >= options_.maxInFlight) return Verdict::kMaxInFlight;
  if (options_.maxDelayNs == 0) return Verdict::kAdmit;
  if (!queue_.Admits(now, waitNs, entry.light)) return Verdict::kQueueDelay;
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  const bool pressed = Late() && burst_ > 0 && inFlight_ >= burst_ + rate_ * pause;
  return entry.limit.Admits(pressed, pause) ? Verdict::kAdmit : Verdict::kInFlight;
}

bool Admission::Late() const { return lastTurn_ * kLatePart >= options_.maxDelayNs; }

ClassLimit::Setting Admission::setting() const {
  return {maxDelay_, Late(), utilization_ > kSaturated, overdue_, settled_};
}

void Admission::Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome) {
  ClassLimit& limit = classes_[id].limit;
  if (limit.Left(outcome == Outcome::kCompleted)) inFlight_ -= inFlight_ > 0;
  if (draining_) Drain(now);
  if (outcome != Outcome::kDetached) limit.Lasted(static_cast<double>(now - start));
  if (outcome == Outcome::kCompleted) limit.Completed(now, start, setting());
}

bool Admission::Forget(uint8_t id) {
  Class& entry = classes_[id];
  if (!entry.limit.empty()) return false;
  entry.limit = ClassLimit();
  entry.cost = LoopCost();
  entry.light = false;
  return true;
}

void Admission::OnTurn(uint64_t now, uint64_t busyNs) {
  queue_.OnTurn(now, busyNs);
  lastTurn_ = busyNs;
  busy_ += static_cast<double>(busyNs);
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
}

void Admission::EndWindow(uint64_t now) {
  const auto elapsed = static_cast<double>(now - windowBegun_);
  const auto pause = static_cast<double>(queue_.PauseNs(now));
  utilization_ = busy_ / elapsed;
  overdue_ = queue_.overdue();
  const ClassLimit::Setting shared = setting();
  LearnCosts();
  burst_ = rate_ = arrivalRate_ = 0;
  ForEachClass([&](Class& entry) {
    if (entry.limit.active()) burst_ += entry.limit.burst();
    entry.limit.EndWindow({now, elapsed, busy_, pause, entry.cost.ns()}, shared);
    rate_ += entry.limit.rate();
    arrivalRate_ += entry.limit.arrivalRate();
  });
  queue_.EndInterval(now);
  EnforceOne(now);
  Probe(now);
  if (draining_ && now > drainBy_) Measure(now);
  ShareOut();
  windowBegun_ = now;
  busy_ = 0;
}

void Admission::LearnCosts() {
  double predicted = 0;
  double completions = 0;
  ForEachClass([&](Class& entry) {
    predicted += entry.cost.ns() * entry.limit.completions();
    completions += entry.limit.completions();
  });
  if (completions == 0) return;
  ForEachClass([&](Class& entry) {
    entry.cost.Learn(predicted, busy_, entry.limit.completions(), busy_ / completions,
                     entry.limit.measuredNs());
  });
}

// One class at a time, that with most in flight: those that only suffer from it recover once it is
// held back, and until then their evidence counts only if they have more in flight than it had.
void Admission::EnforceOne(uint64_t now) {
  bool settled = true;
  ForEachClass([&](Class& entry) { settled &= !entry.limit.over(); });
  if (now > settleBy_) settled = true;
  if (settled && settling_) {
    settled_ = now;
    ForEachClass([](Class& entry) { entry.limit.DropEvidence(); });
  }
  settling_ = !settled;
  ClassLimit* worst = nullptr;
  ForEachClass([&](Class& entry) {
    ClassLimit& limit = entry.limit;
    if (limit.evident() && (!worst || limit.inFlight() > worst->inFlight())) worst = &limit;
  });
  if (!worst || (settling_ && worst->inFlight() <= lastWorst_)) return;
  lastWorst_ = worst->inFlight();
  settleBy_ = now + PatienceNs(*worst);
  worst->Enforce(setting());
}

// While the law only observes, no queue drains, and a probe would take it for the service.
void Admission::Probe(uint64_t now) {
  bool wanted = false;
  ForEachClass([&](Class& entry) { wanted |= entry.limit.WantsProbe(now); });
  if (!wanted || options_.observe) return;
  ForEachClass([&](Class& entry) {
    if (!entry.limit.enforcing()) return;
    entry.limit.BeginProbe(now, setting());
    drainBy_ = std::max(drainBy_, now + PatienceNs(entry.limit));
  });
  draining_ = true;
  Drain(now);
}

void Admission::Drain(uint64_t now) {
  bool drained = true;
  ForEachClass([&](Class& entry) { drained &= !(entry.limit.probing() && entry.limit.over()); });
  if (drained) Measure(now);
}

void Admission::Measure(uint64_t now) {
  ForEachClass([&](Class& entry) { entry.limit.Drained(now); });
  draining_ = false;
}

bool Admission::mayRefuseWaiting() const {
  return queue_.standing() && options_.maxDelayNs > 0 && !options_.observe;
}

// What came during a pause, at the rate of before, is no overload.
uint32_t Admission::MayQueue(uint64_t now) const {
  const auto wait = static_cast<double>(std::max(queue_.LimitNs(now), queue_.PauseNs(now)));
  return static_cast<uint32_t>(std::max(kLeastQueued, rate_ * wait));
}

uint32_t Admission::Excess(uint64_t now, uint32_t length) const {
  if (!mayRefuseWaiting()) return 0;
  const uint32_t standing = std::min(length, queue_.shortestOfLate());
  const uint32_t may = MayQueue(now);
  return standing > may ? standing - may : 0;
}

// A class that asks for less than an equal share of the loop's time did not make its queue, and
// does not pay for it.
void Admission::ShareOut() {
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
