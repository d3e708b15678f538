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
    : options_(options), queue_(options.maxDelayNs, options.tickNs) {}

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
  const bool pressed = inFlight_ >= burst_ && burst_ > 0 &&
                       queue_.longestTurnNs() * kLateTurnFraction >= options_.maxDelayNs;
  return classes_[id].Admits(pressed) ? Verdict::kAdmit : Verdict::kInFlight;
}

void Admission::Depart(uint64_t now, uint8_t id, uint64_t start, Outcome outcome) {
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
  if (inFlight_ > 0) --inFlight_;
  classes_[id].Left(now);
  if (outcome == Outcome::kCompleted) {
    classes_[id].Completed(now, start, static_cast<double>(options_.maxDelayNs));
  }
}

void Admission::OnTurn(uint64_t now, uint64_t busyNs) {
  queue_.OnTurn(now, busyNs);
  busy_ += static_cast<double>(busyNs);
  if (now - windowBegun_ >= kWindowNs) EndWindow(now);
}

void Admission::EndWindow(uint64_t now) {
  const ClassLimit::Window window{now, static_cast<double>(now - windowBegun_), busy_};
  const double maxDelay = static_cast<double>(options_.maxDelayNs);
  utilization_ = busy_ / window.elapsedNs;
  double burst = 0;
  for (int i = 0; i < knownCount_; ++i) {
    ClassLimit& limit = classes_[known_[i]];
    if (limit.active()) burst += limit.burst();
    limit.EndWindow(window, maxDelay);
  }
  burst_ = static_cast<uint32_t>(burst);
  queue_.EndInterval(now);
  EnforceOne();
  ShareOut();
  windowBegun_ = now;
  busy_ = 0;
}

// One class at a time: those that only suffer from it recover once it is held back.
void Admission::EnforceOne() {
  ClassLimit* worst = nullptr;
  for (int i = 0; i < knownCount_; ++i) {
    ClassLimit& limit = classes_[known_[i]];
    if (limit.enforcing() && limit.inFlight() > limit.cap()) return;
    if (limit.evident() && (worst == nullptr || limit.inFlight() > worst->inFlight())) {
      worst = &limit;
    }
  }
  if (worst != nullptr) worst->Enforce(static_cast<double>(options_.maxDelayNs));
}

// A class that asks for less than an equal share of what is served does not pay for the others'
// queue.
void Admission::ShareOut() {
  double served = 0;
  int sharers = 0;
  for (int i = 0; i < knownCount_; ++i) {
    served += classes_[known_[i]].served();
    sharers += classes_[known_[i]].served() > 0;
  }
  for (int i = 0; i < knownCount_; ++i) {
    light_[known_[i]] = classes_[known_[i]].demand() * sharers < served;
  }
}

double Admission::rate() const {
  double rate = 0;
  for (int i = 0; i < knownCount_; ++i) rate += classes_[known_[i]].rate();
  return rate;
}

}  // namespace spillway
