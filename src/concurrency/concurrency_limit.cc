#include "concurrency/concurrency_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// Q, relative to R. The limit rises up to the knee even if the measured R is too low by this part.
constexpr double kAllowed = 0.25;

// If the mean turn of the event loop is longer than this, no queueing is allowed.
constexpr double kLateNs = 25e6;

// Handlers hold sockets or files, and the usual limit for a process is 1024 open files.
constexpr double kMost = 1000;

// A failure that took less than this part of R was a refusal, and shows no capacity.
constexpr double kRefused = 0.5;

// A window lasts at least 100 ms and until the error of X is at most 20 %, but at most 1 s.
constexpr double kWindowNs = 100e6;
constexpr double kWindowMostNs = 1e9;
constexpr double kWindowError = 0.2;
// A larger error is enough during the search, which goes through many windows.
constexpr double kSearchError = 0.5;

// X has risen if it is higher by this many standard errors; earlier windows then no longer count.
// Fewer are enough if nothing queues, because a rise is likelier then.
constexpr double kRisen = 3;
constexpr double kRisenUnqueued = 2;

// If less than this part of the limit is in flight, the source or the consumer is the bottleneck,
// and X says nothing.
constexpr double kFull = 0.8;

// During the search, each window doubles the limit, and X must rise by the square root of 2.
constexpr double kSearch = 2;
constexpr double kRising = 1.41;

// Handlers that never settle keep their places. Their number is the number in flight minus the
// number that the settled handlers account for (Little's law). The estimate changes slowly, because
// a growing queue looks the same.
constexpr double kStuck = 0.1;

// If response times exceed the allowed ones by this factor in two windows in a row, X has fallen or
// R has risen.
constexpr double kSlow = 1.5;
constexpr int kSlowWindows = 2;

// Conclusions are drawn only from at least this many responses.
constexpr uint32_t kFewest = 16;

// If X or R has fallen to less than half, by this many standard errors, the limit reacts before the
// window ends. Handlers that started together end in waves, at intervals of R, so X is judged only
// after two waves.
constexpr double kFallen = 0.5;
constexpr double kSure = 3;
constexpr double kWaves = 2;

// If responses take less than this part of R, a queue was present when R was measured, so R is
// measured again.
constexpr double kChanged = 0.9;

// A change of X by this factor since the last probe is a reason for another.
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
    capacity_ = SmoothedRate(window_.Count() / static_cast<double>(now - window_begun_), 0);
    probe_.Test(now, State());
  } else if (!searching_ && RHasFallen()) {
    probe_.Measure(now, State());
  } else if (WindowHasEnded(now)) {
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

// Handlers that started together end together, so the throughput comes in waves. A window must be
// long enough for all handlers in flight to end. The handlers in flight at a random moment are
// slower than average: their mean response time is R (1 + v), where v is the relative variance.
bool ConcurrencyLimit::WindowHasEnded(uint64_t now) const {
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

// If response times have not risen, X has not fallen: some handlers hang instead.
bool ConcurrencyLimit::XHasFallen(uint64_t now) const {
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double variance = Response().RelativeVariance();
  const double waves = kWaves * Response().Ns() * std::max(1.0, variance);
  if (elapsed <= waves || !WasFull(elapsed) || window_.Count() == 0) return false;
  const double count = window_.Count();
  const double error = kSure * std::sqrt(variance * (count + 1));
  return count + 1 + error < kFallen * Capacity() * elapsed && window_.MeanNs() > AllowedNs();
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
  // The smallest limits allow one more handler in flight than X (R + Q), which then waits for 1 /
  // X.
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

// The lower estimate of two windows counts, because a single one may have seen the beginning of a
// queue.
void ConcurrencyLimit::SeeStuck(double elapsed) {
  const double seen = std::max(0.0, presence_ - settled_) / elapsed;
  stuck_ = std::min(seen, stuck_ + kStuck * (std::min(seen, seen_stuck_) - stuck_));
  seen_stuck_ = seen;
}

void ConcurrencyLimit::ProbeIfDue(uint64_t now, bool queues) {
  const bool fell = queues && Capacity() * kProbeChange < probed_capacity_;
  const bool rose = queues && Capacity() > kProbeChange * probed_capacity_;
  if (fell || slow_windows_ >= kSlowWindows) {
    capacity_.Forget();
    probe_.Test(now, State());
  } else if (rose || now >= probe_.DueAt()) {
    probe_.Measure(now, State());
  }
}

void ConcurrencyLimit::Search(double rate, bool queues) {
  const double error = 2 * std::sqrt(Response().RelativeVariance() / window_.Count());
  const bool rises = rate * (1 + error) > kRising * Capacity() || window_.Count() < kFewest;
  capacity_ = SmoothedRate(rate, 0);
  if (queues || !rises) {
    searching_ = false;
    Response().Doubt();
    SetLimit(Capacity() * AllowedNs());
    return;
  }
  // Without a queue, every response time is a sample of R. After the search, only probes measure R.
  if (!Response().IsExceededBy(window_)) Response().Learn(window_);
  SetLimit(kSearch * limit_);
}

void ConcurrencyLimit::Follow(double elapsed, double rate, bool queues) {
  const double memory =
      SmoothedRate::MemoryNs(rate, Response().Ns(), Response().RelativeVariance());
  const double expected = Capacity() * elapsed;
  const double error =
      (queues ? kRisen : kRisenUnqueued) * std::sqrt(Response().RelativeVariance() * expected);
  if (window_.Count() > expected + error) capacity_.Forget();
  capacity_.Add(rate, elapsed, memory);
  // One more than X (R + Q) while nothing queues, so that the smallest limits can rise too.
  const double limit = Capacity() * AllowedNs() + stuck_;
  SetLimit(queues ? limit : std::max(limit + 1, 2.0));
}

void ConcurrencyLimit::SetLimit(double limit) {
  limit_ = static_cast<uint32_t>(std::clamp(limit, 1.0, kMost));
}

// R + Q, plus the error of R: if the measured R were too low, the limit would be too low as well,
// and no later measurement would show it.
double ConcurrencyLimit::AllowedNs() const {
  const double queue = late_ ? 0 : kAllowed;
  return Response().Ns() * (1 + queue + Response().Error());
}

ResponseProbe::State ConcurrencyLimit::State() const {
  return {in_flight_, limit_ - stuck_, std::max(limit_, probed_limit_) - stuck_, stuck_,
          Capacity()};
}

void ConcurrencyLimit::EndProbe(uint64_t now) {
  probed_capacity_ = probe_.Capacity();
  capacity_.Set(probed_capacity_);
  slow_windows_ = 0;
  SetLimit(Capacity() * AllowedNs() + stuck_);
  probed_limit_ = limit_;
  // The limit was too low. X does not show by how much, so the search starts again.
  if (probe_.Rose()) {
    searching_ = true;
    capacity_.Set(0);
  }
  BeginWindow(now);
}

}  // namespace spillway
