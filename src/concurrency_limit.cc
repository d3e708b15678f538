#include "concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// Q, as a part of R. So much may R be measured too low, and the limit still rises below the knee.
constexpr double kAllowed = 0.25;

// An event loop whose turns are longer than this is given way to: nothing may queue.
constexpr double kLateNs = 25e6;

// Handlers hold sockets or files, of which a process often may open no more than 1024.
constexpr double kMost = 1000;

// A failure that took a smaller part of R than this was refused, and shows no capacity.
constexpr double kRefused = 0.5;

// A window lasts at least so long, and until it knows X to a fifth; but not for ever.
constexpr double kWindowNs = 100e6;
constexpr double kWindowMostNs = 1e9;
constexpr double kWindowError = 0.2;

// How far back X looks: some windows, and two response times.
constexpr double kMemoryNs = 250e6;
constexpr double kMemoryResponses = 2;

// With less in flight it is the source or the consumer that limits, and X tells nothing.
constexpr double kFull = 0.8;

// As long as no queue was seen each window doubles the limit; X must rise by half of that.
constexpr double kSearch = 2;
constexpr double kRising = 1.41;

// Handlers that never settle hold their places for ever: what is in flight beyond what those that
// settled explain (Little's law). Believed slowly, as a queue that grows looks the same.
constexpr double kStuck = 0.1;

// So many windows in a row with responses so far above what is allowed: X has fallen, or R risen.
constexpr double kSlow = 1.5;
constexpr int kSlowWindows = 2;

// Of fewer responses little can be said.
constexpr uint32_t kFewest = 16;

// A mean is different when it is so many standard errors away, and more than a twentieth: services
// vary by that much.
constexpr double kStandardErrors = 2;
constexpr double kSame = 0.05;

// R this much lower than it was: it was measured with a queue, and there may be more of it. This
// much higher: the service is slower, or there is less of it.
constexpr double kChanged = 0.9;

// R is the mean of so many responses at most, so that it follows slow changes; the search's last
// ones already saw something of a queue, and count for few.
constexpr double kRemembered = 1000;
constexpr double kGuessed = 8;

// A probe measures R with half of what fills the downstream in flight, beside what is stuck. It is
// as long as it needs to know R to a tenth, within bounds, and so seldom that it costs little; or
// made when X fell by a third since the last.
constexpr double kProbeShare = 0.5;
constexpr double kProbeError = 0.1;
constexpr uint32_t kProbeLargest = 400;
constexpr double kProbeMostNs = 1e9;
constexpr double kProbeMostResponses = 4;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeEveryResponses = 50;
constexpr double kProbeEveryDurations = 20;
constexpr double kProbeChange = 1.5;

}  // namespace

void ConcurrencyLimit::Begin(uint64_t now) {
  if (window_begun_ == 0) BeginWindow(now);
  Pass(now);
  ++in_flight_;
  if (drained_) cohort_.Begin(now);
}

void ConcurrencyLimit::End(uint64_t now, uint64_t began, bool succeeded, double turn_ns) {
  Pass(now);
  --in_flight_;
  const auto response = static_cast<double>(now - began);
  const bool served = succeeded || (known() && response > kRefused * response_ns_);
  if (probing_) {
    OnEndInProbe(now, began, served);
  } else {
    settled_ += response;
    if (served) window_.Add(response);
    if (WindowIsOver(now)) EndWindow(now, turn_ns);
  }
}

void ConcurrencyLimit::Pass(uint64_t now) {
  presence_ += in_flight_ * static_cast<double>(now - last_);
  last_ = now;
}

void ConcurrencyLimit::BeginWindow(uint64_t now) {
  window_begun_ = last_ = now;
  presence_ = settled_ = 0;
  window_ = Sample();
}

// Handlers that started together end together: a shorter window than it takes all in flight to end
// would see waves. And it is rather the slow ones that are in flight at any moment, for R (1 + v)
// on the mean, v the relative variance.
bool ConcurrencyLimit::WindowIsOver(uint64_t now) const {
  const double all_end = response_ns_ * (1 + relative_variance_);
  const auto elapsed = static_cast<double>(now - window_begun_);
  if (elapsed < std::max(kWindowNs, all_end) || window_.count() < limit_) return false;
  const double needed = relative_variance_ / (kWindowError * kWindowError);
  return searching_ || window_.count() >= needed || elapsed >= kWindowMostNs;
}

void ConcurrencyLimit::EndWindow(uint64_t now, double turn_ns) {
  const double mean = window_.MeanNs();
  if (!known()) LearnResponse(window_);
  late_ = turn_ns > kLateNs;
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double rate = window_.count() / elapsed;
  const double error = kStandardErrors * ErrorNs(window_.count());
  const double allowed = AllowedNs();
  // The smallest limits allow one in flight more than X (R + Q), which then waits 1 / X.
  const bool slow = mean > kSlow * allowed + 1 / rate + error;
  slow_windows_ = slow ? slow_windows_ + 1 : 0;
  if (mean < kChanged * response_ns_ - error) probe_at_ = 0;
  const double stuck = std::max(0.0, presence_ - settled_) / elapsed;
  stuck_ = std::min(stuck, stuck_ + kStuck * (stuck - stuck_));
  if (presence_ >= kFull * limit_ * elapsed) {
    if (searching_) {
      Search(rate, late_ || mean > allowed + error);
    } else {
      Follow(elapsed, rate, late_ || mean > allowed);
    }
    if (!searching_ && ProbeIsDue(now)) BeginProbe(now);
  }
  BeginWindow(now);
}

void ConcurrencyLimit::Search(double rate, bool queues) {
  const double error = kStandardErrors * std::sqrt(relative_variance_ / window_.count());
  const bool rises = rate * (1 + error) > kRising * capacity_ || window_.count() < kFewest;
  capacity_ = rate;
  if (queues || !rises) {
    searching_ = false;
    responses_ = std::min(responses_, kGuessed);
    SetLimit(capacity_ * AllowedNs());
    return;
  }
  // Without a queue, every response is one of R. Later it is the probes that tell.
  if (probed_capacity_ == 0) LearnResponse(window_);
  SetLimit(kSearch * limit_);
}

void ConcurrencyLimit::Follow(double elapsed, double rate, bool queues) {
  const double memory = kMemoryNs + kMemoryResponses * response_ns_;
  const double newest = slow_windows_ >= kSlowWindows ? 1 : elapsed / (elapsed + memory);
  capacity_ += newest * (rate - capacity_);
  // One more than X (R + Q) while nothing queues: so the smallest limits rise, too.
  SetLimit(capacity_ * AllowedNs() + stuck_ + (queues ? 0 : 1));
}

void ConcurrencyLimit::SetLimit(double limit) {
  limit_ = static_cast<uint32_t>(std::clamp(limit, 1.0, kMost));
}

// R + Q. As long as R is known badly it may be higher: a limit too low would never learn better.
double ConcurrencyLimit::AllowedNs() const {
  const double queue = late_ ? 0 : kAllowed;
  return response_ns_ * (1 + queue + std::sqrt(relative_variance_ / responses_));
}

bool ConcurrencyLimit::ProbeIsDue(uint64_t now) const {
  return now >= probe_at_ || slow_windows_ >= kSlowWindows ||
         capacity_ * kProbeChange < probed_capacity_;
}

void ConcurrencyLimit::BeginProbe(uint64_t now) {
  probing_ = true;
  drained_ = false;
  slow_windows_ = 0;
  probe_begun_ = now;
  probe_limit_ = static_cast<uint32_t>(
      std::max(1.0, kProbeShare * capacity_ * response_ns_ + std::round(stuck_)));
}

void ConcurrencyLimit::OnEndInProbe(uint64_t now, uint64_t began, bool served) {
  if (drained_) {
    cohort_.End(now, began, served);
    const double most = kProbeMostNs + kProbeMostResponses * response_ns_;
    if (static_cast<double>(now - probe_begun_) > most) cohort_.Close(kFewest);
    if (cohort_.complete()) EndProbe(now);
  } else if (in_flight_ <= probe_limit_) {
    drained_ = true;
    const double needed = relative_variance_ / (kProbeError * kProbeError);
    const double size = std::clamp<double>(needed, kFewest, kProbeLargest);
    cohort_ = Cohort(now, static_cast<uint32_t>(size));
  }
}

void ConcurrencyLimit::EndProbe(uint64_t now) {
  probing_ = drained_ = false;
  const double before = response_ns_;
  if (cohort_.sample().count() > 0) LearnResponse(cohort_.sample());
  const bool lower = response_ns_ < kChanged * before;
  const bool higher = before < kChanged * response_ns_;
  const auto duration = static_cast<double>(now - probe_begun_);
  const double pause = std::max(kProbeEveryNs + kProbeEveryResponses * response_ns_,
                                kProbeEveryDurations * duration);
  probe_at_ = lower || higher ? now : now + static_cast<uint64_t>(pause);
  probed_capacity_ = capacity_;
  if (higher) {
    searching_ = true;
    capacity_ = 0;
  } else {
    SetLimit(capacity_ * AllowedNs() + stuck_);
  }
  BeginWindow(now);
}

void ConcurrencyLimit::LearnResponse(const Sample& sample) {
  const double mean = sample.MeanNs();
  const double count = sample.count();
  const double error = kStandardErrors * ErrorNs(sample.count()) + kSame * response_ns_;
  if (!known() || std::abs(mean - response_ns_) > error) {
    response_ns_ = mean;
    responses_ = count;
    relative_variance_ = sample.RelativeVariance();
    return;
  }
  const double part = count / (responses_ + count);
  response_ns_ += part * (mean - response_ns_);
  relative_variance_ += part * (sample.RelativeVariance() - relative_variance_);
  responses_ = std::min(responses_ + count, kRemembered);
}

// The standard error of the difference between R and the mean of so many responses.
double ConcurrencyLimit::ErrorNs(uint32_t count) const {
  return known() ? response_ns_ * std::sqrt(relative_variance_ * (1 / responses_ + 1.0 / count))
                 : 0;
}

}  // namespace spillway
