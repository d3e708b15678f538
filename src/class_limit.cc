#include "class_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// Weight of the newest window in a rate: about three windows count, enough to level the noise of a
// window's few completions.
constexpr double kNewest = 0.3;

// What the loop can do is the best seen of late: a window with a pause in it shows less. It fades,
// 5 % a window.
constexpr double kFading = 0.95;

// The queueing allowed while the limit is enforced, in parts of maxDelay.
constexpr double kAllowed = 0.5;

// Until it is enforced, and only under a late loop, a class may have this many times what maxDelay
// allows: the capacity is only guessed then.
constexpr double kBurst = 1.5;

// A queue is evident when the mean response, less so many standard errors, is above what is
// allowed; of fewer responses nothing can be said.
constexpr double kStandardErrors = 3;
constexpr uint32_t kFewestResponses = 4;

// Nor does a response that took twice a pause show a queue: it was held up by the pause, then by
// all that came meanwhile.
constexpr double kPauses = 2;

// Windows in a row without a refusal after which the limit is no longer enforced.
constexpr int kCalmWindows = 5;

// While enforced, the class is held below what it needs for a moment, to see the response time
// without a queue: when the limit takes hold, whenever the capacity changed by half, and every so
// often.
constexpr double kProbeShare = 0.5;
constexpr uint32_t kProbeResponses = 8;
constexpr double kFaster = 0.9;
constexpr double kProbeChange = 1.5;
constexpr uint64_t kProbeEveryNs = 10'000'000'000;

}  // namespace

void ClassLimit::Completed(uint64_t now, uint64_t start, double maxDelayNs) {
  const double response = static_cast<double>(now - start);
  ++completions_;
  if (!enforcing_) {
    baseline_.Add(now, response);
    ++responses_;
    sum_ += response;
    squares_ += response * response;
  } else if (probing_ && start >= measureFrom_) {
    probeSum_ += response;
    if (++probeResponses_ == kProbeResponses) EndProbe(now, maxDelayNs);
  }
}

void ClassLimit::EndWindow(const Window& window, double maxDelayNs) {
  windowRate_ = completions_ / window.elapsedNs;
  rate_ += kNewest * (windowRate_ - rate_);
  arrivalRate_ += kNewest * (arrivals_ / window.elapsedNs - arrivalRate_);
  busy_ += kNewest * (window.busyNs / window.elapsedNs - busy_);
  loopCapacity_ *= kFading;
  if (completions_ > 0 && busy_ > 0) loopCapacity_ = std::max(loopCapacity_, rate_ / busy_);
  if (enforcing_) {
    if (refusals_ > 0) {
      calmWindows_ = 0;
      if (!probed_) capacity_ += kNewest * (windowRate_ - capacity_);
    } else {
      capacity_ = std::max(capacity_, windowRate_);
      if (++calmWindows_ == kCalmWindows) enforcing_ = probing_ = false;
    }
    probed_ = probing_;
  } else if (responses_ >= kFewestResponses) {
    const bool evident = SeesQueue(std::max(maxDelayNs, kPauses * window.pauseNs));
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
    cost_ *= 1 + kNewest * part * std::min(1.0, busyNs / predictedNs - 1);
  }
  cost_ = std::min(cost_, baseline_.Ns());
}

bool ClassLimit::SeesQueue(double excessNs) const {
  const double mean = sum_ / responses_;
  const double variance = std::max(squares_ / responses_ - mean * mean, baseline_.variance());
  return mean - kStandardErrors * std::sqrt(variance / responses_) > baseline_.Ns() + excessNs;
}

void ClassLimit::DiscardEvidence() {
  evident_ = false;
  responses_ = 0;
  sum_ = squares_ = 0;
}

void ClassLimit::Enforce(double maxDelayNs) {
  enforcing_ = true;
  evident_ = false;
  calmWindows_ = 0;
  // What it completes while a queue stands is what it can do.
  capacity_ = std::max(rate_, windowRate_);
  probeAt_ = 0;
  SetLimits(maxDelayNs);
}

void ClassLimit::SetLimits(double maxDelayNs) {
  const double baseline = baseline_.Ns();
  if (probing_) {
    cap_ = std::max(1u, static_cast<uint32_t>(std::ceil(kProbeShare * capacity_ * baseline)));
  } else {
    // One more than Little's law allows: so a class that was held too low grows.
    cap_ = 1 + static_cast<uint32_t>(std::ceil(capacity_ * (baseline + kAllowed * maxDelayNs)));
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
  const double baseline = baseline_.Ns();
  if (response < baseline || response > baseline + kAllowed * maxDelayNs) {
    baseline_.Reset(response);
  }
  probing_ = false;
  probedCapacity_ = capacity_;
  // As long as responses get faster with fewer in flight, the baseline is still too high.
  probeAt_ = response < kFaster * baseline ? now : now + kProbeEveryNs;
  SetLimits(maxDelayNs);
}

}  // namespace spillway
