#include "concurrency_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <cstdio>  // DEBUG
#include <cstdlib>  // DEBUG
#define DBG(...) do { if (getenv("AUTODBG")) { fprintf(stdout, __VA_ARGS__); fflush(stdout);} } while (0)  // DEBUG

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

// X or R fell to less than half, by so many standard errors: the window need not end first. Waves
// of handlers that started together are R apart.
constexpr double kFallen = 0.5;
constexpr double kSure = 3;
constexpr double kWaves = 2;

// R this much lower than it was: it was measured with a queue, and there may be more of it. This
// much higher: the service is slower, or there is less of it.
constexpr double kChanged = 0.9;

constexpr double kTestShare = 0.25;
constexpr double kTestFewest = 8;
constexpr double kSearchError = 0.5;
constexpr double kTestError = 0.2;
constexpr double kSaturated = 0.75;

constexpr double kProbeShare = 0.6;
constexpr double kProbeError = 0.1;
constexpr double kProbeLargest = 400;
constexpr double kProbeMostNs = 1e9;
constexpr double kProbeMostResponses = 4;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeEveryResponses = 50;
constexpr double kProbeEveryDurations = 20;
constexpr double kProbeSoonDurations = 4;
constexpr double kProbeChange = 1.5;
constexpr double kMemoryMost = 40;
constexpr double kRise = 2;
constexpr double kXError = 0.1;
constexpr double kHigher = 1.5;
constexpr double kSpread = 4;
constexpr double kBad = 1;
constexpr double kWell = 1.5;
constexpr double kSteady = 0.1;
constexpr double kConfirmError = 0.18;

}  // namespace

void ConcurrencyLimit::Begin(uint64_t now) {
  if (window_begun_ == 0) BeginWindow(now);
  Pass(now);
  ++in_flight_;
  alone_since_ = in_flight_ == 1 ? now : 0;
  if (in_flight_ > 1) alone_ = Sample();
  if (probing()) probe_.Begin(now);
}

void ConcurrencyLimit::End(uint64_t now, uint64_t began, bool succeeded, double turn_ns) {
  Pass(now);
  --in_flight_;
  const auto response = static_cast<double>(now - began);
  const bool served = succeeded || (response_.known() && response > kRefused * response_.Ns());
  if (probing()) {
    EndInProbe(now, began, served);
    return;
  }
  if (served && began == alone_since_) alone_.Add(response);
  settled_ += response;
  if (served) window_.Add(response);
  if (phase_ == Phase::kFollowing && XHasFallen(now)) {
    capacity_ = window_.count() / static_cast<double>(now - window_begun_);
    BeginTest(now);
  } else if (phase_ == Phase::kFollowing && RHasFallen()) {
    BeginMeasure(now, response_.Ns());
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
  const double variance = response_.RelativeVariance();
  const double all_end = response_.Ns() * (1 + variance);
  const auto elapsed = static_cast<double>(now - window_begun_);
  if (elapsed < std::max(kWindowNs, all_end) || window_.count() < limit_) return false;
  const double error = phase_ == Phase::kSearching ? kSearchError : kWindowError;
  const double needed = variance / (error * error);
  return window_.count() >= needed || elapsed >= kWindowMostNs;
}

bool ConcurrencyLimit::WasFull(double elapsed) const { return presence_ >= kFull * limit_ * elapsed; }

bool ConcurrencyLimit::XHasFallen(uint64_t now) const {
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double expected = capacity_ * elapsed;
  const double count = window_.count();
  const double error = kSure * std::sqrt(response_.RelativeVariance() * (count + 1));
  return count + error + 1 < kFallen * expected && elapsed > kWaves * response_.Ns() * std::max(1.0, response_.RelativeVariance()) &&
         WasFull(elapsed);
}

bool ConcurrencyLimit::RHasFallen() const {
  const uint32_t count = window_.count();
  if (count < kFewest) return false;
  const double error = kSure * response_.Ns() * std::sqrt(response_.RelativeVariance() / count);
  return window_.MeanNs() < kFallen * response_.Ns() - error;
}

void ConcurrencyLimit::EndWindow(uint64_t now, double turn_ns) {
  const double mean = window_.MeanNs();
  if (!response_.known()) response_.Learn(window_);
  late_ = turn_ns > kLateNs;
  const auto elapsed = static_cast<double>(now - window_begun_);
  const double rate = window_.count() / elapsed;
  const double error = response_.DifferenceNs(window_.count());
  const double allowed = AllowedNs();
  // The smallest limits allow one in flight more than X (R + Q), which then waits 1 / X.
  const bool slow = mean > kSlow * allowed + 1 / rate + error;
  slow_windows_ = slow ? slow_windows_ + 1 : 0;
  if (mean < kChanged * response_.Ns() - error) probe_at_ = 0;
  const double seen_stuck = std::max(0.0, presence_ - settled_) / elapsed;
  const double stuck = std::min(seen_stuck, seen_stuck_);
  seen_stuck_ = seen_stuck;
  stuck_ = std::min(seen_stuck, stuck_ + kStuck * (stuck - stuck_));
  if (alone_.count() >= kFewest) {
    response_.Learn(alone_);
    alone_ = Sample();
  }
  if (WasFull(elapsed)) {
    if (phase_ == Phase::kSearching) {
      Search(rate, late_ || mean > allowed + error);
    } else {
      Follow(elapsed, rate, late_ || mean > allowed);
    }
    if (phase_ == Phase::kFollowing) {
      if (slow_windows_ >= kSlowWindows || capacity_ * kProbeChange < probed_capacity_) {
        BeginTest(now);
      } else if (now >= probe_at_ || (mean > allowed && capacity_ > kProbeChange * probed_capacity_)) {
        BeginMeasure(now, response_.Ns());
      }
    }
  }
  BeginWindow(now);
}

void ConcurrencyLimit::Search(double rate, bool queues) {
  const double error = 2 * std::sqrt(response_.RelativeVariance() / window_.count());
  const bool rises = rate * (1 + error) > kRising * capacity_;
  capacity_ = rate;
  capacity_age_ = 0;
  if (queues || !rises) {
    phase_ = Phase::kFollowing;
    response_.Doubt();
    SetLimit(capacity_ * AllowedNs());
    return;
  }
  // Without a queue, every response is one of R. Later it is the probes that tell.
  if (window_.MeanNs() < response_.Ns() + response_.DifferenceNs(window_.count())) response_.Learn(window_);
  SetLimit(kSearch * limit_);
}

void ConcurrencyLimit::Follow(double elapsed, double rate, bool queues) {
  const double needed = response_.RelativeVariance() / (kXError * kXError);
  const double memory = std::max(kMemoryNs + kMemoryResponses * response_.Ns(), std::min(needed / rate, kMemoryMost * response_.Ns()));
  const double expected = capacity_ * elapsed;
  const double error = (queues ? kSure : kRise) * std::sqrt(response_.RelativeVariance() * expected);
  if (window_.count() > expected + error) capacity_age_ = 0;
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
  return response_.Ns() * (1 + queue + kBad * response_.Error());
}

void ConcurrencyLimit::BeginTest(uint64_t now) {
  if (limit_ - stuck_ <= 1) return BeginMeasure(now, response_.Ns());
  const double from = probing() ? probe_.level() : limit_ - stuck_;
  if (!probing()) {
    probes_begun_ = now;
    before_ns_ = response_.Ns();
  }
  full_ = std::max(limit_, probed_limit_) - stuck_;
  trusted_ns_ = response_.Ns();
  response_.Doubt();
  verified_ = false;
  phase_ = Phase::kTesting;
  saturated_ = false;
  slow_windows_ = 0;
  const double size = response_.RelativeVariance() / (kTestError * kTestError);
  DBG("    %.2f test: in flight %u limit %u X %.1f R %.1f v %.2f stuck %.1f\n", now/1e9, in_flight_, limit_, capacity_*1e9, response_.Ns()/1e6, response_.RelativeVariance(), stuck_);  // DEBUG
  BeginProbe(now, kTestShare * from, std::clamp(size, kTestFewest, kProbeLargest));
}

void ConcurrencyLimit::EndInProbe(uint64_t now, uint64_t began, bool served) {
  probe_.End(now, began, served, in_flight_);
  if (phase_ == Phase::kVerifying) low_.End(now, began, served, in_flight_);
  if (!probe_.above() && !probe_.complete(now)) return;
  DBG("    %.2f %s: above %d count %u mean %.1f level %u drainNs %.1f drainRate %.1f\n", now/1e9, phase_ == Phase::kTesting ? "tested" : phase_ == Phase::kVerifying ? "verified" : "measured", probe_.above(), probe_.count(), probe_.MeanNs(now)/1e6, probe_.level(), probe_.DrainNs()/1e6, probe_.DrainRate()*1e9);  // DEBUG
  if (probe_.count() == 0) return EndProbe(now);
  if (phase_ == Phase::kTesting) EndTest(now);
  else if (phase_ == Phase::kVerifying) EndVerify(now);
  else EndMeasure(now);
}

void ConcurrencyLimit::EndTest(uint64_t now) {
  const double mean = probe_.MeanNs(now);
  const double rate = probe_.level() / mean;
  capacity_age_ = 0;
  const double error = std::sqrt(response_.RelativeVariance() / probe_.count());
  if (!probe_.above() && std::abs(mean / trusted_ns_ - 1) < 1 - kChanged + error) {
    response_.Learn(probe_.sample());
    capacity_ = std::max(rate, capacity_);
    return EndProbe(now);
  }
  if (probe_.above() || probe_.level() == 1) return BeginVerify(now);
  capacity_ = rate;
  saturated_ = true;
  BeginMeasure(now, std::min(trusted_ns_, kProbeShare * mean));
}

// With as many in flight as filled the downstream before.
void ConcurrencyLimit::BeginVerify(uint64_t now) {
  const double level = kProbeShare * full_;
  phase_ = Phase::kVerifying;
  verified_ = true;
  low_ = probe_;
  DBG("    %.2f verify: level %.1f\n", now/1e9, level);  // DEBUG
  BeginProbe(now, level, MeasureSize());
}

void ConcurrencyLimit::EndVerify(uint64_t now) {
  const double high = probe_.MeanNs(now);
  const double low = low_.MeanNs(now);
  const double error = 2 * std::sqrt(response_.RelativeVariance() * (1.0 / low_.count() + 1.0 / probe_.count()));
  capacity_ = probe_.level() / high;
  capacity_age_ = 0;
  DBG("    %.2f low %.1f (%u) high %.1f (%u) error %.2f\n", now/1e9, low/1e6, low_.count(), high/1e6, probe_.count(), error);  // DEBUG
  if (probe_.level() > low_.level() && high > low * std::min(1 / kChanged + error, std::sqrt(static_cast<double>(probe_.level()) / low_.level()))) {
    saturated_ = true;
    BeginMeasure(now, low_.level() == 1 ? low : std::min(trusted_ns_, low));
    return;
  }
  response_.Learn(probe_.sample());
  EndProbe(now);
}

void ConcurrencyLimit::BeginMeasure(uint64_t now, double guess_ns) {
  if (phase_ == Phase::kFollowing) {
    probes_begun_ = now;
    trusted_ns_ = before_ns_ = response_.Ns();
    verified_ = false;
    full_ = limit_ - stuck_;
    saturated_ = false;
  }
  phase_ = Phase::kMeasuring;
  guess_ns_ = guess_ns;
  DBG("    %.2f measure: in flight %u limit %u X %.1f R %.1f guess %.1f size %u\n", now/1e9, in_flight_, limit_, capacity_*1e9, response_.Ns()/1e6, guess_ns/1e6, MeasureSize());  // DEBUG
  BeginProbe(now, kProbeShare * capacity_ * guess_ns, MeasureSize());
}

void ConcurrencyLimit::EndMeasure(uint64_t now) {
  if (probe_.above()) return saturated_ || probe_.level() == 1 ? BeginVerify(now) : BeginTest(now);
  const double mean = probe_.MeanNs(now);
  const double rate = probe_.level() / mean;
  const double error = std::sqrt(response_.RelativeVariance() / probe_.count());
  if (saturated_ && !verified_ && mean > trusted_ns_ * (1 / kChanged + error) && response_.RelativeVariance() > kSteady) return BeginVerify(now);
  response_.Learn(probe_.sample());
  if (probe_.level() > 1 && mean < (kChanged - error) * guess_ns_) {
    saturated_ = mean < kSaturated * guess_ns_;
    capacity_ = saturated_ ? rate : std::max(capacity_, rate);
    return BeginMeasure(now, saturated_ ? std::min(trusted_ns_, kProbeShare * mean) : mean);
  }
  EndProbe(now);
  // It was held too low: how much too low the measured X cannot tell.
  if (!saturated_ && !verified_ && before_ns_ < kChanged * response_.Ns()) {
    phase_ = Phase::kSearching;
    capacity_ = 0;
  }
}

void ConcurrencyLimit::BeginProbe(uint64_t now, double level, double size) {
  const auto most = static_cast<uint32_t>(std::max(1.0, std::round(level)));
  const auto handlers = static_cast<uint32_t>(size);
  probe_ = LevelProbe(now, in_flight_,
                      {most, static_cast<uint32_t>(std::round(stuck_)), phase_ == Phase::kVerifying ? most : 0, handlers,
                       std::min(kFewest, handlers),
                       phase_ == Phase::kVerifying || (saturated_ && response_.RelativeVariance() < kSteady) || most >= kProbeShare * full_ ? std::numeric_limits<double>::infinity() : kHigher * std::max(trusted_ns_, guess_ns_),
                       phase_ == Phase::kTesting ? 0 : 1 + kSpread * std::max(trusted_ns_, guess_ns_) * std::sqrt(response_.RelativeVariance()),
                       ProbeMostNs(), std::max(response_.Ns(), phase_ == Phase::kVerifying ? low_.MeanNs(now) * most / low_.level() : 0) * (1 + response_.RelativeVariance())});
}

uint32_t ConcurrencyLimit::MeasureSize() const {
  const double error = confirming_ ? kConfirmError : kProbeError;
  const double needed = response_.RelativeVariance() / (error * error);
  return static_cast<uint32_t>(std::clamp<double>(needed, kTestFewest, kProbeLargest));
}

double ConcurrencyLimit::ProbeMostNs() const { return kProbeMostNs + kProbeMostResponses * response_.Ns(); }

void ConcurrencyLimit::EndProbe(uint64_t now) {
  phase_ = Phase::kFollowing;
  const auto duration = static_cast<double>(now - probes_begun_);
  const bool known = response_.Error() <= kWell * kProbeError;
  const bool slower = response_.Ns() > before_ns_ / kChanged;
  confirming_ = slower && response_.RelativeVariance() > kSteady;
  const double pause = confirming_ ? ProbeMostNs() : known ? std::max(kProbeEveryNs + kProbeEveryResponses * response_.Ns(),
                                kProbeEveryDurations * duration) : kProbeSoonDurations * ProbeMostNs();
  probe_at_ = now + static_cast<uint64_t>(pause);
  probed_capacity_ = capacity_;
  SetLimit(capacity_ * AllowedNs() + stuck_);
  probed_limit_ = limit_;
  BeginWindow(now);
}

}  // namespace spillway
