#include "admission/class_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// The loop's capacity is that of the best recent window, because a window with a pause shows less.
// The value decays by 5 % a window.
constexpr double kFading = 0.95;

// The queueing allowed while the limit is enforced, and the queueing at which it becomes enforced.
// Each is a part of the delay limit plus a part of the response time, because the response time is
// not known precisely. The gap between the two leaves room for classes that only suffer from
// another's queue.
constexpr double kAllowedResponse = 0.125;
// The error of R, in standard errors, that is allowed for.
constexpr double kResponseErrors = 2;
constexpr double kEvident = 1;
constexpr double kEvidentResponse = 0.25;

// While other classes queue, a class is assumed to queue too if its last response shows a quarter
// of the queueing that is otherwise required.
constexpr double kQueues = 0.25;

// A response that took less than twice as long as a pause of the loop shows no queue: it was held
// up by the pause, and then by the requests that arrived meanwhile.
constexpr double kPauses = 2;

// The limit for bursts, which applies before the limit is enforced and only while the loop is late.
// X is only an estimate then, so this limit is 1.5 times as high as the delay limit would allow.
constexpr double kBurst = 1.5;

// The limit is no longer enforced after 450 ms plus two response times without a refusal.
constexpr double kCalmNs = 450e6;
constexpr double kCalmResponses = 2;

// During a probe, the class may have half as many requests in flight as it needs. A probe runs when
// the limit becomes enforced, when X has changed by a factor of 1.5, and periodically. Slow
// responses make probes longer, so probes of a slow class run less often. A probe is cut short if
// few requests complete.
constexpr double kProbeShare = 0.5;
constexpr double kProbeChange = 1.5;
constexpr double kProbeErrors = 3;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeEveryResponses = 100;
constexpr double kProbeEveryDurations = 50;
constexpr double kProbeSoonDurations = 10;
constexpr double kProbeMostNs = 500e6;
constexpr double kProbeMostResponses = 2;

// How many requests a probe times: as many as it takes to reduce the error to 20 %, within bounds.
constexpr double kProbeError = 0.2;
constexpr double kProbeFewest = 8;
// This many are enough if few requests start.
constexpr uint32_t kProbeLeast = 2;
constexpr double kProbeMost = 400;

// Q rises by a third if, in a window with refusals, capacity was left over: more than 1 % of the
// places of the bottleneck were free, and the loop was idle for more than 1 % of the time.
// Otherwise it falls by 5 %.
constexpr double kVacant = 0.01;
constexpr double kMoreQueueing = 4.0 / 3;
constexpr double kLessQueueing = 0.95;
constexpr double kLeastQueueing = 0.5;

// The part of the places for queueing requests that is reserved for clients that have saved
// something of their share, and for the priority levels above the cutoff. All of them, but at most
// the second part of all places, are reserved for clients that have not used it up, and from the
// levels below the cutoff.
constexpr double kReserved = 0.75;
constexpr double kReservedMost = 0.75;

// The longest duration is forgotten gradually, over about 64 shorter requests.
constexpr double kLongestRequests = 64;

// If a probe finds less than this part of R, a queue was present when R was measured. The new R may
// still include some of that queue.
constexpr double kLower = 0.9;

// The service has become slower if two probes in quick succession find responses that exceed the
// allowed response time by this factor. A single probe may be misleading: if eight controllers
// share a resource, the one extra request that each of them admits is enough to reach this factor.
constexpr double kSlower = 1.25;

}  // namespace

void ClassLimit::Lasted(double ns) {
  longest_ns_ = std::max(ns, longest_ns_ - (longest_ns_ - ns) / kLongestRequests);
}

void ClassLimit::Become(State state, Reason reason, uint64_t now) {
  state_ = state;
  reason_ = reason;
  since_ = now;
}

// Some places are reserved for the stronger claims ("trunk reservation" in telephony): places of
// requests that would queue, so the bottleneck stays busy without them. The strongest claims may
// queue for the whole delay limit, even while others may not queue at all. Only during a probe,
// nothing may queue; then the strongest claims may have all places of the bottleneck.
bool ClassLimit::HasPlace(const Claim& claim, const Setting& setting) {
  const double allowed = queueing_ * setting.max_delay_ns;
  const double reserved =
      state_ == State::kLimiting ? std::min(capacity_.Get() * allowed, kReservedMost * cap_) : 0;
  double places = cap_;
  if (claim.kind <= Claim::Kind::kWithin) {
    const double least = cap_ - kReserved * reserved;
    const double most =
        state_ == State::kProbing ? capacity_.Get() * NoLoadNs() : Places(setting.max_delay_ns);
    // Shares ration these requests, so they need no equal chances.
    return in_flight_ < least + claim.saved * std::max(0.0, most - least);
  }
  if (claim.kind == Claim::Kind::kMarginal) places -= kReserved * reserved;
  if (claim.IsWeak()) places -= reserved;
  return in_flight_ < places &&
         chances_.Draw(static_cast<uint32_t>(std::ceil(places)) - in_flight_);
}

// Sums up the places of the bottleneck that were free. By Little's law, X R of them are in use when
// the class completes X requests per second.
void ClassLimit::Pass(uint64_t now) {
  const auto elapsed = static_cast<double>(now - passed_);
  vacant_ += std::max(0.0, capacity_.Get() * NoLoadNs() - in_flight_) * elapsed;
  passed_ = now;
}

void ClassLimit::Completed(uint64_t now, uint64_t start, const Setting& setting) {
  const auto response = static_cast<double>(now - start);
  ++completions_;
  if (Enforcing()) {
    if (start > enforced_at_ && state_ == State::kLimiting) detector_.Add(response);
    probe_.End(now, start, true);
    if (probe_.Running() && probe_.Complete()) EndProbe(now, setting);
    return;
  }
  no_load_.End(now, start, !(setting.late || setting.saturated));
  queue_ns_ = response - NoLoadNs();
  if (start >= setting.settled) detector_.Add(response);
}

double ClassLimit::EvidentNs(double no_load_ns, double pause_ns, const Setting& setting) {
  return std::max(kEvident * setting.max_delay_ns + kEvidentResponse * no_load_ns,
                  kPauses * pause_ns);
}

bool ClassLimit::Queues(const Setting& setting) const {
  return queue_ns_ > kQueues * EvidentNs(NoLoadNs(), 0, setting);
}

void ClassLimit::DropGuess() {
  detector_.Drop();
  no_load_.Interrupt();
  if (!no_load_.Proven()) no_load_ = NoLoadBaseline();
}

double ClassLimit::MemoryNs() const {
  return SmoothedRate::MemoryNs(Rate(), NoLoadNs(), no_load_.RelativeVariance());
}

void ClassLimit::EndWindow(const Window& window, const Setting& setting) {
  const double elapsed = window.elapsed_ns;
  const double rate = completions_ / elapsed;
  const double memory = MemoryNs();
  rate_.Add(rate, elapsed, memory);
  arrival_rate_.Add(arrivals_ / elapsed, elapsed, memory);
  busy_.Add(window.busy_ns / elapsed, elapsed, memory);
  cost_ns_ = window.cost_ns;
  loop_capacity_ *= kFading;
  if (completions_ > 0 && busy_.Get() > 0)
    loop_capacity_ = std::max(loop_capacity_, Rate() / busy_.Get());
  if (Enforcing()) {
    EndEnforcedWindow(window, rate, setting);
  } else {
    const double no_load_ns = NoLoadNs();
    detector_.EndWindow(
        elapsed, Rate(), in_flight_,
        {no_load_ns, no_load_.Variance(), EvidentNs(no_load_ns, window.pause_ns, setting)});
  }
  SetLimits(setting);
  ForgetWindow();
}

void ClassLimit::SkipWindow(const Window& window) {
  const double elapsed = window.elapsed_ns;
  const double memory = MemoryNs();
  rate_.Add(admissions_ / elapsed, elapsed, memory);
  arrival_rate_.Add(arrivals_ / elapsed, elapsed, memory);
  detector_.Drop();
  ForgetWindow();
}

void ClassLimit::ForgetWindow() {
  arrivals_ = admissions_ = refusals_ = completions_ = 0;
  vacant_ = 0;
}

void ClassLimit::EndEnforcedWindow(const Window& window, double rate, const Setting& setting) {
  const double elapsed = window.elapsed_ns;
  Pass(window.now);
  PassProbe(window.now, setting);
  if (refusals_ == 0) {
    capacity_.Set(std::max(capacity_.Get(), Rate()));
    calm_ns_ += elapsed;
    if (calm_ns_ > kCalmNs + kCalmResponses * NoLoadNs()) {
      Become(State::kFree, Reason::kNothingRefused, window.now);
      probe_ = Cohort();
    }
    return;
  }
  calm_ns_ = 0;
  // During a probe, and until its last requests have ended, the throughput is not X.
  if (state_ != State::kLimiting || static_cast<double>(window.now - since_) < elapsed + NoLoadNs())
    return;
  // Until X has settled, the limit may be too high.
  if (static_cast<double>(window.now - since_) < MemoryNs() + NoLoadNs()) {
    detector_.Drop();
    exceeded_for_ = 0;
  } else {
    const double slower = kSlower * AllowedNs(queueing_ * setting.max_delay_ns) - NoLoadNs();
    detector_.EndWindow(elapsed, Rate(), in_flight_, {NoLoadNs(), no_load_.Variance(), slower});
    exceeded_for_ = detector_.Evident() ? exceeded_for_ + elapsed : 0;
  }
  capacity_.Add(rate, elapsed, MemoryNs());
  if (relearning_ && capacity_.Get() <= probed_capacity_) relearning_ = false;
  if (relearning_) probed_capacity_ = capacity_.Get();
  AdaptQueueing(elapsed, window.busy_ns);
}

// Refusals beside capacity that is left over mean that too much was refused. Q is the smallest that
// avoids it.
void ClassLimit::AdaptQueueing(double elapsed_ns, double busy_ns) {
  const double places = capacity_.Get() * NoLoadNs() * elapsed_ns;
  const bool idle = elapsed_ns - busy_ns > kVacant * elapsed_ns;
  const bool vacant = idle && vacant_ > kVacant * places;
  queueing_ = std::clamp(queueing_ * (vacant ? kMoreQueueing : kLessQueueing), kLeastQueueing, 1.0);
}

void ClassLimit::Enforce(uint64_t now, const Setting& setting) {
  Become(State::kLimiting, Reason::kQueue, now);
  no_load_.Interrupt();
  calm_ns_ = 0;
  // While a class queues, its throughput is its capacity.
  capacity_ = SmoothedRate(std::max(Rate(), detector_.Rate()), MemoryNs());
  enforced_at_ = now;
  // If R is known from the time without a limit, it need not be measured at once.
  passed_ = now;
  probe_at_ = no_load_.Precise() ? now + ProbePauseNs() : 0;
  probe_because_ = no_load_.Precise() ? Reason::kProbeDue : Reason::kQueue;
  probed_capacity_ = capacity_.Get();
  detector_.Drop();
  exceeded_for_ = 0;
  SetLimits(setting);
}

uint64_t ClassLimit::ProbePauseNs() const {
  return static_cast<uint64_t>(kProbeEveryNs + kProbeEveryResponses * NoLoadNs());
}

void ClassLimit::Take(uint64_t now, const ClassLimit& other, double rate, Reason reason,
                      const Setting& setting) {
  const double all = capacity_.Get() + rate;
  if (other.Known() && all > 0) {
    const double own = Known() ? NoLoadNs() : other.NoLoadNs();
    no_load_.Join((own * capacity_.Get() + other.NoLoadNs() * rate) / all, other.no_load_);
  }
  if (!Enforcing()) {
    Become(State::kLimiting, reason, now);
    no_load_.Interrupt();
    calm_ns_ = 0;
    enforced_at_ = passed_ = now;
    queueing_ = other.queueing_;
    probe_at_ = other.Enforcing() ? other.probe_at_ : 0;
    probe_because_ = reason;
  }
  capacity_ = SmoothedRate(all, MemoryNs());
  // This change of X is no reason for a probe.
  probed_capacity_ += rate;
  SetLimits(setting);
}

void ClassLimit::SplitFrom(ClassLimit& other, double share) {
  no_load_.Guess(other.no_load_);
  rate_ = other.rate_.Split(share);
  arrival_rate_ = other.arrival_rate_.Split(share);
}

double ClassLimit::GiveAway(double share, const Setting& setting) {
  const double capacity = capacity_.Split(share).Get();
  probed_capacity_ -= share * probed_capacity_;
  SetLimits(setting);
  return capacity;
}

// No queueing is allowed if requests exceed the delay limit before they arrive here: long turns
// keep them in the kernel's queue, because the loop accepts one connection a turn.
double ClassLimit::AllowedQueueNs(const Setting& setting) const {
  return setting.overdue ? 0 : queueing_ * setting.max_delay_ns;
}

double ClassLimit::AllowedNs(double queue_ns) const {
  return (1 + kAllowedResponse + kResponseErrors * no_load_.Error()) * NoLoadNs() + queue_ns;
}

// One more than Little's law allows, so that a limit that is too low can grow.
double ClassLimit::Places(double queue_ns) const {
  return 1 + std::round(capacity_.Get() * AllowedNs(queue_ns));
}

void ClassLimit::SetLimits(const Setting& setting) {
  const double no_load_ns = NoLoadNs();
  if (state_ == State::kDraining || state_ == State::kProbing) {
    const double few = kProbeShare * capacity_.Get() * no_load_ns;
    cap_ = std::max(1u, static_cast<uint32_t>(std::ceil(few)));
  } else {
    cap_ = static_cast<uint32_t>(Places(AllowedQueueNs(setting)));
  }
  burst_ = static_cast<uint32_t>(kBurst * loop_capacity_ * (no_load_ns + setting.max_delay_ns));
}

bool ClassLimit::WantsProbe(uint64_t now) const {
  return state_ == State::kLimiting && !probe_.Running() &&
         ProbeReason(now) != Reason::kOtherProbed;
}

StateReason ClassLimit::ProbeReason(uint64_t now) const {
  if (now >= probe_at_) return probe_because_;
  // The responses of one window may be longer by chance: a few slow requests delay all the others.
  if (exceeded_for_ > MemoryNs()) return Reason::kSlow;
  return Changed() ? Reason::kCapacityChanged : Reason::kOtherProbed;
}

// X has changed by a factor, and by more than chance explains.
bool ClassLimit::Changed() const {
  if (relearning_) return false;
  const double less = std::min(capacity_.Get(), probed_capacity_);
  const double more = std::max(capacity_.Get(), probed_capacity_);
  const double memory = MemoryNs();
  return less * kProbeChange < more &&
         (more - less) * memory > kProbeErrors * std::sqrt(more * memory);
}

void ClassLimit::Drain(uint64_t now, const Setting& setting) {
  Become(State::kDraining, ProbeReason(now), now);
  drained_from_ = now;
  slow_ = reason_ == Reason::kSlow || reason_ == Reason::kSeemsSlower;
  fell_ = fell_ || (Changed() && capacity_.Get() < probed_capacity_);
  probe_ = Cohort();
  SetLimits(setting);
}

void ClassLimit::Measure(uint64_t now, bool in_time) {
  if (!Draining()) return;
  Become(State::kProbing, in_time ? Reason::kDrained : Reason::kDrainedTooLong, now);
  probe_ = Cohort(now, ProbeSize());
}

uint32_t ClassLimit::ProbeSize() const {
  const double needed = no_load_.RelativeVariance() / (kProbeError * kProbeError);
  return static_cast<uint32_t>(std::clamp(needed, kProbeFewest, kProbeMost));
}

// The limit is raised again once all requests of the probe have begun and most of the time is over.
// Those that are still in flight have a place, and are timed to their end.
void ClassLimit::PassProbe(uint64_t now, const Setting& setting) {
  if (!probe_.Running()) return;
  const double most = kProbeMostNs + kProbeMostResponses * NoLoadNs();
  if (state_ == State::kProbing) {
    const bool enough = probe_.AgeNs(now) > most;
    if (enough) probe_.Close(kProbeLeast);
    if (enough && probe_.Closed()) Become(State::kLimiting, Reason::kMeasured, now);
  }
  if (probe_.Over(now, NoLoadNs() * (1 + no_load_.RelativeVariance()))) EndProbe(now, setting);
}

void ClassLimit::EndProbe(uint64_t now, const Setting& setting) {
  const Sample responses = probe_.ResponsesSoFar(now);
  const auto duration = static_cast<double>(now - drained_from_);
  probe_ = Cohort();
  detector_.Drop();
  exceeded_for_ = 0;
  if (state_ == State::kProbing) Become(State::kLimiting, Reason::kMeasured, now);
  probe_because_ = responses.Count() > 0 ? Conclude(responses, setting) : Reason::kProbeDue;
  const double durations = no_load_.Precise() ? kProbeEveryDurations : kProbeSoonDurations;
  const double pause = std::max(kProbeEveryNs, durations * duration);
  fell_ = fell_ && probe_because_ == Reason::kSeemsSlower;
  probed_capacity_ = relearning_ ? 0 : capacity_.Get();
  probe_at_ = now + (probe_because_ == Reason::kProbeDue ? static_cast<uint64_t>(pause) : 0);
  SetLimits(setting);
}

// Learns from a probe, and returns the reason for the next one.
//
// With the queue drained, a response time above R means a slower service, or the queue of another
// process. It is a slower service if the limit did not keep responses as short as it should, or if
// X fell with the limit. While the loop is saturated, its queue explains everything. As long as
// responses get faster with fewer requests in flight, a queue may be left.
StateReason ClassLimit::Conclude(const Sample& responses, const Setting& setting) {
  relearning_ = false;
  const double response = responses.MeanNs();
  if (!no_load_.IsExceededBy(responses)) {
    const double faster = kLower * NoLoadNs() - no_load_.DifferenceNs(responses) / 2;
    no_load_.Learn(responses);
    return response < faster ? Reason::kStillFaster : Reason::kProbeDue;
  }
  const double allowed = (1 + kAllowedResponse) * NoLoadNs() + queueing_ * setting.max_delay_ns;
  if (setting.saturated || response < (fell_ ? 1 : kSlower) * allowed) return Reason::kProbeDue;
  if (!slow_) return Reason::kSeemsSlower;
  no_load_.Learn(responses);
  // The limit was too low, and X with it. Its rise is no reason for a probe.
  capacity_.Forget();
  relearning_ = true;
  return Reason::kProbeDue;
}

}  // namespace spillway
