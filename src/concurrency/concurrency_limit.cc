#include "concurrency/concurrency_limit.h"

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
// The search takes less, as it has many windows before it.
constexpr double kSearchError = 0.5;

// How far back X looks: some windows, and two response times; or until it is known to a tenth, but
// not for ever.
constexpr double kMemoryNs = 250e6;
constexpr double kMemoryResponses = 2;
constexpr double kMemoryError = 0.1;
constexpr double kMemoryMostResponses = 40;

// X is more by so many standard errors: it has risen, and what was before does not count. Where
// nothing queues that is likelier.
constexpr double kRisen = 3;
constexpr double kRisenUnqueued = 2;

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

// X or R fell to less than half, by so many standard errors: the window need not end first. Waves
// of handlers that started together are R apart.
constexpr double kFallen = 0.5;
constexpr double kSure = 3;
constexpr double kWaves = 2;

// R this much lower than it was: it was measured with a queue, and there may be more of it.
constexpr double kChanged = 0.9;

// X this many times lower or higher than at the last probe: a reason for another.
constexpr double kProbeChange = 1.5;

}  // namespace

void ConcurrencyLimit::Begin(uint64_t now) {
  if (window_begun_ == 0) BeginWindow(now);
  Pass(now);
  ++in_flight_;
  alone_since_ = in_flight_ == 1 ? now : 0;
  if (in_flight_ > 1) alone_ = Sample();
  if (Probing()) probe_.Begin(now);
}

void ConcurrencyLimit::End(uint64_t now, uint64_t began, bool succeeded, double turn_ns) {
  Pass(now);
  --in_flight_;
  const auto took = static_cast<double>(now - began);
  const bool served = succeeded || (Response().Known() && took > kRefused * Response().Ns());
  if (Probing()) {
    probe_.End(now, began, served, in_flight_);
    if (!Probing()) EndProbe(now);
    return;
  }
  if (served && began == alone_since_) alone_.Add(took);
  settled_ += took;
  if (served) window_.Add(took);
  if (!searching_ && XHasFallen(now)) {
    capacity_ = window_.Count() / static_cast<double>(now - window_begun_);
    capacity_age_ = 0;
    probe_.Test(now, State());
  } else if (!searching_ && RHasFallen()) {
    probe_.Measure(now, State());
  } else if (WindowIsOver(now)) {
    EndWindow(now, turn_ns);
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
  const double variance = Response().RelativeVariance();
  const double all_end = Response().Ns() * (1 + variance);
  const auto elapsed = static_cast<double>(now - window_begun_);
  if (elapsed < std::max(kWindowNs, all_end) || window_.Count() < limit_) return false;
  const double error = searching_ ? kSearchError : kWindowError;
  const double needed = variance / (error * error);
  return window_.Count() >= needed || elapsed >= kWindowMostNs;
}

bool ConcurrencyLimit::WasFull(double elapsed) const {
  return presence_ >= kFull * limit_ * elapsed;
}

// Where responses are as long as before it is rather that some handlers hang.
bool ConcurrencyLimit::XHasFallen(uint64_t now) const {
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double variance = Response().RelativeVariance();
  const double waves = kWaves * Response().Ns() * std::max(1.0, variance);
  if (elapsed <= waves || !WasFull(elapsed) || window_.Count() == 0) return false;
  const double count = window_.Count();
  const double error = kSure * std::sqrt(variance * (count + 1));
  return count + 1 + error < kFallen * capacity_ * elapsed && window_.MeanNs() > AllowedNs();
}

bool ConcurrencyLimit::RHasFallen() const {
  const uint32_t count = window_.Count();
  if (count < kFewest) return false;
  const double error = kSure * Response().Ns() * std::sqrt(Response().RelativeVariance() / count);
  return window_.MeanNs() < kFallen * Response().Ns() - error;
}

void ConcurrencyLimit::EndWindow(uint64_t now, double turn_ns) {
  const double mean = window_.MeanNs();
  if (!Response().Known()) Response().Learn(window_);
  late_ = turn_ns > kLateNs;
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double rate = window_.Count() / elapsed;
  const double error = Response().DifferenceNs(window_.Count());
  const double allowed = AllowedNs();
  // The smallest limits allow one in flight more than X (R + Q), which then waits 1 / X.
  const bool slow = mean > kSlow * allowed + 1 / rate + error;
  slow_windows_ = slow ? slow_windows_ + 1 : 0;
  if (mean < kChanged * Response().Ns() - error) probe_.MakeDue();
  SeeStuck(elapsed);
  if (alone_.Count() >= kFewest) {
    Response().Learn(alone_);
    alone_ = Sample();
  }
  if (WasFull(elapsed)) {
    if (searching_) {
      Search(rate, late_ || mean > allowed + error);
    } else {
      Follow(elapsed, rate, late_ || mean > allowed);
    }
    if (!searching_) ProbeIfDue(now, mean > allowed);
  }
  BeginWindow(now);
}

// One window alone may have seen the beginning of a queue.
void ConcurrencyLimit::SeeStuck(double elapsed) {
  const double seen = std::max(0.0, presence_ - settled_) / elapsed;
  stuck_ = std::min(seen, stuck_ + kStuck * (std::min(seen, seen_stuck_) - stuck_));
  seen_stuck_ = seen;
}

void ConcurrencyLimit::ProbeIfDue(uint64_t now, bool queues) {
  const bool fell = queues && capacity_ * kProbeChange < probed_capacity_;
  const bool rose = queues && capacity_ > kProbeChange * probed_capacity_;
  if (fell || slow_windows_ >= kSlowWindows) {
    capacity_age_ = 0;
    probe_.Test(now, State());
  } else if (rose || now >= probe_.DueAt()) {
    probe_.Measure(now, State());
  }
}

void ConcurrencyLimit::Search(double rate, bool queues) {
  const double error = 2 * std::sqrt(Response().RelativeVariance() / window_.Count());
  const bool rises = rate * (1 + error) > kRising * capacity_ || window_.Count() < kFewest;
  capacity_ = rate;
  capacity_age_ = 0;
  if (queues || !rises) {
    searching_ = false;
    Response().Doubt();
    SetLimit(capacity_ * AllowedNs());
    return;
  }
  // Without a queue, every response is one of R. Later it is the probes that tell.
  if (window_.MeanNs() < Response().Ns() + Response().DifferenceNs(window_.Count()))
    Response().Learn(window_);
  SetLimit(kSearch * limit_);
}

void ConcurrencyLimit::Follow(double elapsed, double rate, bool queues) {
  const double needed = Response().RelativeVariance() / (kMemoryError * kMemoryError);
  const double memory = std::max(kMemoryNs + kMemoryResponses * Response().Ns(),
                                 std::min(needed / rate, kMemoryMostResponses * Response().Ns()));
  const double expected = capacity_ * elapsed;
  const double error =
      (queues ? kRisen : kRisenUnqueued) * std::sqrt(Response().RelativeVariance() * expected);
  if (window_.Count() > expected + error) capacity_age_ = 0;
  capacity_ += elapsed / (elapsed + capacity_age_) * (rate - capacity_);
  capacity_age_ = std::min(memory, capacity_age_ + elapsed);
  // One more than X (R + Q) while nothing queues: so the smallest limits rise, too.
  const double limit = capacity_ * AllowedNs() + stuck_;
  SetLimit(queues ? limit : std::max(limit + 1, 2.0));
}

void ConcurrencyLimit::SetLimit(double limit) {
  limit_ = static_cast<uint32_t>(std::clamp(limit, 1.0, kMost));
}

// R + Q. As long as R is known badly it may be higher: a limit too low would never learn better.
double ConcurrencyLimit::AllowedNs() const {
  const double queue = late_ ? 0 : kAllowed;
  return Response().Ns() * (1 + queue + Response().Error());
}

ResponseProbe::State ConcurrencyLimit::State() const {
  return {in_flight_, limit_ - stuck_, std::max(limit_, probed_limit_) - stuck_, stuck_, capacity_};
}

void ConcurrencyLimit::EndProbe(uint64_t now) {
  capacity_ = probed_capacity_ = probe_.Capacity();
  slow_windows_ = 0;
  SetLimit(capacity_ * AllowedNs() + stuck_);
  probed_limit_ = limit_;
  // It was held too low: how much too low X cannot tell.
  if (probe_.Rose()) {
    searching_ = true;
    capacity_ = 0;
  }
  BeginWindow(now);
}

}  // namespace spillway
