#include "admission.h"

#include <algorithm>

namespace spillway {

namespace {

// Long enough for a few dozen requests, short enough to react before a person notices.
constexpr uint64_t kWindowNs = 100'000'000;

// A turn of this part of maxDelay is evidence that the loop is late.
constexpr uint64_t kLateTurnFraction = 4;

}  // namespace

Admission::Admission(const Options& options)
    : options_(options),
      maxDelay_(static_cast<double>(options.maxDelayNs)),
      queue_(options.maxDelayNs, options.tickNs) {}

Verdict Admission::Arrive(uint64_t now, uint8_t id, uint64_t waitNs) {
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
  if (!isKnown_[id]) {
    isKnown_[id] = true;
    known_[knownCount_++] = id;
  }
  const Verdict verdict = Judge(now, id, waitNs);
  queue_.Saw(waitNs, verdict == Verdict::kQueueDelay);
  if (verdict == Verdict::kAdmit) {
    classes_[id].Admitted();
    ++inFlight_;
  } else {
    classes_[id].Refused(verdict == Verdict::kInFlight);
  }
  return verdict;
}

Verdict Admission::Judge(uint64_t now, uint8_t id, uint64_t waitNs) const {
  if (options_.maxInFlight > 0 && inFlight_ >= options_.maxInFlight) return Verdict::kMaxInFlight;
  if (options_.maxDelayNs == 0) return Verdict::kAdmit;
  if (!queue_.Admits(now, waitNs, light_[id])) return Verdict::kQueueDelay;
  const double pause = static_cast<double>(queue_.ExplainedNs(now));
  const bool pressed = Late() && burst_ > 0 && inFlight_ >= burst_ + rate_ * pause;
  return classes_[id].Admits(pressed, pause) ? Verdict::kAdmit : Verdict::kInFlight;
}

bool Admission::Late() const { return lastTurn_ * kLateTurnFraction >= options_.maxDelayNs; }

void Admission::Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome) {
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
  if (inFlight_ > 0) --inFlight_;
  classes_[id].Left();
  if (draining_) Drain(now);
  if (outcome == Outcome::kCompleted) {
    classes_[id].Completed(now, start, {maxDelay_, Late(), settled_});
  }
}

void Admission::OnTurn(uint64_t now, uint64_t busyNs) {
  queue_.OnTurn(now, busyNs);
  lastTurn_ = busyNs;
  busy_ += static_cast<double>(busyNs);
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
}

void Admission::EndWindow(uint64_t now) {
  const ClassLimit::Window window{static_cast<double>(now - windowBegun_), busy_,
                                  static_cast<double>(queue_.ExplainedNs(now))};
  utilization_ = busy_ / window.elapsedNs;
  LearnCosts();
  burst_ = rate_ = 0;
  ForEachClass([&](ClassLimit& limit) {
    if (limit.active()) burst_ += limit.burst();
    limit.EndWindow(window, maxDelay_);
    rate_ += limit.rate();
  });
  queue_.EndInterval(now);
  EnforceOne(now);
  Probe(now);
  ShareOut();
  windowBegun_ = now;
  busy_ = 0;
}

void Admission::LearnCosts() {
  double predicted = 0;
  uint32_t completions = 0;
  ForEachClass([&](ClassLimit& limit) {
    predicted += limit.PredictedNs();
    completions += limit.completions();
  });
  if (completions == 0) return;
  ForEachClass([&](ClassLimit& limit) { limit.Learn(predicted, busy_, busy_ / completions); });
}

// One class at a time: those that only suffer from it recover once it is held back.
void Admission::EnforceOne(uint64_t now) {
  ClassLimit* worst = nullptr;
  bool settled = true;
  ForEachClass([&](ClassLimit& limit) {
    if (limit.enforcing() && limit.inFlight() > limit.cap()) settled = false;
    if (limit.evident() && (worst == nullptr || limit.inFlight() > worst->inFlight())) {
      worst = &limit;
    }
  });
  if (!settled) {
    settled_ = now;
    ForEachClass([](ClassLimit& limit) { limit.DiscardEvidence(); });
  } else if (worst != nullptr) {
    worst->Enforce(maxDelay_);
  }
}

void Admission::Probe(uint64_t now) {
  bool wanted = false;
  ForEachClass([&](ClassLimit& limit) { wanted |= limit.WantsProbe(now); });
  if (!wanted) return;
  ForEachClass([&](ClassLimit& limit) {
    if (limit.enforcing()) limit.BeginProbe(maxDelay_);
  });
  draining_ = true;
  Drain(now);
}

void Admission::Drain(uint64_t now) {
  bool drained = true;
  ForEachClass([&](ClassLimit& limit) { drained &= !limit.probing() || limit.drained(); });
  if (!drained) return;
  ForEachClass([&](ClassLimit& limit) { limit.MeasureFrom(now); });
  draining_ = false;
}

// A class that asks for less than an equal share of the loop does not pay for the others' queue.
void Admission::ShareOut() {
  double served = 0;
  int sharers = 0;
  ForEachClass([&](ClassLimit& limit) {
    served += limit.share();
    sharers += limit.share() > 0;
  });
  for (int i = 0; i < knownCount_; ++i) {
    light_[known_[i]] = classes_[known_[i]].demand() * sharers < served;
  }
}

}  // namespace spillway
