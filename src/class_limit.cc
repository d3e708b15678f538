#include "class_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// How far back a rate looks: about three windows, enough to level the noise of a window's few
// completions, and two response times, or a class of slow requests would be seen in waves.
constexpr double kMemoryNs = 250e6;
constexpr double kMemoryResponses = 2;

// How much of an error in the predicted cost is corrected at once.
constexpr double kCorrection = 0.3;

// What the loop can do is the best seen of late: a window with a pause in it shows less. It fades,
// 5 % a window.
constexpr double kFading = 0.95;

// The queueing allowed while the limit is enforced, and that which is evidence for enforcing it: a
// part of maxDelay, and a part of the response time, which is known no better than that.
constexpr double kAllowed = 0.5;
constexpr double kAllowedResponse = 0.125;
constexpr double kEvidence = 1;
constexpr double kEvidenceResponse = 0.25;

// Until it is enforced, and only under a late loop, a class may have this many times what maxDelay
// allows: the capacity is only guessed then.
constexpr double kBurst = 1.5;

// A queue is evident when the mean response, less so many standard errors, shows it; of fewer
// responses nothing can be said. It is evident earlier when a part of it shows, and by Little's law
// those in flight now will show this many times of it.
constexpr double kStandardErrors = 3;
constexpr uint32_t kFewestResponses = 4;
constexpr double kShownAlready = 0.25;
constexpr double kToBeShown = 3;

// Nor does a response that took twice a pause show a queue: it was held up by the pause, then by
// all that came meanwhile.
constexpr double kPauses = 2;

// So long without a refusal, and twice a response time, and the limit is no longer enforced.
constexpr double kCalmNs = 450e6;
constexpr double kCalmResponses = 2;

// While enforced, the class is held below what it needs for a moment, to see the response time
// without a queue: when the limit takes hold, whenever the capacity changed by half, and every so
// often; the longer responses take, the longer the moment, so the more seldom.
constexpr double kProbeShare = 0.5;
constexpr uint32_t kProbeResponses = 8;
constexpr double kFaster = 0.9;
constexpr double kProbeChange = 1.5;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeAgainNs = 1e9;
constexpr double kProbeEveryResponses = 50;

}  // namespace

void ClassLimit::Completed(uint64_t now, uint64_t start, const Setting& setting) {
  const double response = static_cast<double>(now - start);
  ++completions_;
  if (enforcing_) {
    if (!probing_ || start < measureFrom_) return;
    probeSum_ += response;
    if (++probeResponses_ == kProbeResponses) EndProbe(now, setting.maxDelayNs);
    return;
  }
  if (!setting.late) baseline_.Add(now, response);
  if (start < setting.settled) return;
  ++responses_;
  sum_ += response;
  squares_ += response * response;
}

void ClassLimit::EndWindow(const Window& window, double maxDelayNs) {
  const double windowRate = completions_ / window.elapsedNs;
  const double newest =
      window.elapsedNs / (window.elapsedNs + kMemoryNs + kMemoryResponses * BaselineNs());
  rate_ += newest * (windowRate - rate_);
  arrivalRate_ += newest * (arrivals_ / window.elapsedNs - arrivalRate_);
  busy_ += newest * (window.busyNs / window.elapsedNs - busy_);
  loopCapacity_ *= kFading;
  if (completions_ > 0 && busy_ > 0) loopCapacity_ = std::max(loopCapacity_, rate_ / busy_);
  if (enforcing_) {
    if (refusals_ > 0) {
      calmNs_ = 0;
      if (!probed_) capacity_ += newest * (windowRate - capacity_);
    } else {
      capacity_ = std::max(capacity_, rate_);
      calmNs_ += window.elapsedNs;
      if (calmNs_ > kCalmNs + kCalmResponses * BaselineNs()) enforcing_ = probing_ = false;
    }
    probed_ = probing_;
  } else {
    judgedNs_ += window.elapsedNs;
  }
  if (!enforcing_ && responses_ >= kFewestResponses) {
    judgedRate_ = responses_ / judgedNs_;
    const bool evident = SeesQueue(window, maxDelayNs);
    DiscardEvidence();
    evident_ = evident;
  }
  SetLimits(maxDelayNs);
  arrivals_ = refusals_ = completions_ = 0;
}

// Completions of several classes cost the loop a known time together: what was predicted wrong is
// blamed on each in proportion to its part, and the windows' changing mixtures tell them apart.
// Never more than a response takes.
void ClassLimit::Learn(double predictedNs, double busyNs, double meanNs) {
  if (completions_ == 0) return;
  if (cost_ == 0) {
    cost_ = meanNs;
  } else if (predictedNs > 0) {
    const double part = PredictedNs() / predictedNs;
    cost_ *= 1 + kCorrection * part * std::min(1.0, busyNs / predictedNs - 1);
  }
  if (baseline_.Ns() > 0) cost_ = std::min(cost_, baseline_.Ns());
}

bool ClassLimit::SeesQueue(const Window& window, double maxDelayNs) const {
  const double baseline = BaselineNs();
  const double mean = sum_ / responses_;
  const double variance = std::max(squares_ / responses_ - mean * mean, baseline_.variance());
  const double shown = mean - kStandardErrors * std::sqrt(variance / responses_) - baseline;
  const double evidence =
      std::max(kEvidence * maxDelayNs + kEvidenceResponse * baseline, kPauses * window.pauseNs);
  if (shown > evidence) return true;
  return shown > kShownAlready * evidence &&
         inFlight_ > std::max(rate_, judgedRate_) * (baseline + kToBeShown * evidence);
}

void ClassLimit::DiscardEvidence() {
  evident_ = false;
  responses_ = 0;
  judgedNs_ = sum_ = squares_ = 0;
}

void ClassLimit::Enforce(double maxDelayNs) {
  enforcing_ = true;
  evident_ = false;
  calmNs_ = 0;
  // What it completes while a queue stands is what it can do.
  capacity_ = std::max(rate_, judgedRate_);
  probeAt_ = 0;
  SetLimits(maxDelayNs);
}

double ClassLimit::BaselineNs() const { return baseline_.Ns() > 0 ? baseline_.Ns() : cost_; }

double ClassLimit::AllowedNs(double maxDelayNs) const {
  return (1 + kAllowedResponse) * BaselineNs() + kAllowed * maxDelayNs;
}

void ClassLimit::SetLimits(double maxDelayNs) {
  const double baseline = BaselineNs();
  if (probing_) {
    cap_ = std::max(1u, static_cast<uint32_t>(std::ceil(kProbeShare * capacity_ * baseline)));
  } else {
    // One more than Little's law allows: so a class that was held too low grows.
    cap_ = 1 + static_cast<uint32_t>(std::ceil(capacity_ * AllowedNs(maxDelayNs)));
  }
  burst_ = static_cast<uint32_t>(kBurst * loopCapacity_ * (baseline + maxDelayNs));
}

bool ClassLimit::WantsProbe(uint64_t now) const {
  return enforcing_ && !probing_ &&
         (now >= probeAt_ || capacity_ * kProbeChange < probedCapacity_ ||
          capacity_ > kProbeChange * probedCapacity_);
}

void ClassLimit::BeginProbe(double maxDelayNs) {
  probing_ = probed_ = true;
  measureFrom_ = UINT64_MAX;
  probeResponses_ = 0;
  probeSum_ = 0;
  SetLimits(maxDelayNs);
}

void ClassLimit::MeasureFrom(uint64_t now) {
  if (probing_) measureFrom_ = now;
}

// With the queue drained, a response time well above the baseline is no queueing but a slower
// service.
void ClassLimit::EndProbe(uint64_t now, double maxDelayNs) {
  const double response = probeSum_ / probeResponses_;
  const double baseline = BaselineNs();
  const bool slower = response > AllowedNs(maxDelayNs);
  const bool faster = response < kFaster * baseline;
  if (slower || response < baseline) baseline_.Reset(response);
  probing_ = false;
  probedCapacity_ = capacity_;
  // As long as responses get faster with fewer in flight, the baseline is still too high; and what
  // looked slower may have been another's queue, not gone yet.
  double pause = kProbeEveryNs + kProbeEveryResponses * response;
  if (slower) pause = kProbeAgainNs;
  if (faster) pause = 0;
  probeAt_ = now + static_cast<uint64_t>(pause);
  SetLimits(maxDelayNs);
}

}  // namespace spillway
