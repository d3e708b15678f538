#include "concurrency/response_probe.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spillway {

namespace {

// The number of handlers in flight while R is measured, as a part of X R. No queue forms even if
// the estimate of R is 1.6 times too high.
constexpr double kShare = 0.6;

// The number of handlers in flight during a test, as a part of the limit. If there is a queue,
// responses become four times shorter, which noise cannot hide.
constexpr double kTestShare = 0.25;

// Two means count as equal if their ratio is above this.
constexpr double kSame = 0.9;

// If the mean is below this part of the guess, the guess included a queue. With fewer handlers in
// flight, a response time that consists of queueing falls to 0.6 of the guess; one without queueing
// stays the same.
constexpr double kSaturated = 0.75;

// Responses that exceed the guess by this factor, and by this many standard errors, refute it.
constexpr double kAbove = 1.5;
constexpr double kAboveErrors = 4;

// The relative errors that a test, a measurement, and a measurement that confirms a new R aim for.
// They determine how many handlers are timed, within bounds.
constexpr double kTestError = 0.2;
constexpr double kMeasureError = 0.1;
constexpr double kConfirmError = 0.18;
constexpr double kFewest = 8;
constexpr double kMost = 400;
// This many are enough if they take too long.
constexpr uint32_t kEnough = 16;
constexpr double kLongestNs = 1e9;
constexpr double kLongestResponses = 4;

// With a relative variance below this, a single sample is precise enough.
constexpr double kSteady = 0.1;

// Measurements are so rare that they cost 1 to 3 % of the throughput. They are more frequent while
// R is new, or its error is above kKnownError.
constexpr double kEveryNs = 10e9;
constexpr double kEveryResponses = 50;
constexpr double kEveryDurations = 20;
constexpr double kSoonDurations = 4;
constexpr double kKnownError = 0.15;

}  // namespace

void ResponseProbe::Measure(uint64_t now, const State& state) {
  Start(now, state);
  state_.before = state.limit;
  BeginMeasure(now, response_.Ns());
}

void ResponseProbe::Test(uint64_t now, const State& state) {
  if (state.limit <= 1) return Measure(now, state);
  Start(now, state);
  BeginTest(now, state.limit);
}

void ResponseProbe::Start(uint64_t now, const State& state) {
  state_ = state;
  begun_ = now;
  trusted_ns_ = before_ns_ = response_.Ns();
  saturated_ = verified_ = rose_ = false;
}

void ResponseProbe::End(uint64_t now, uint64_t began, bool served, uint32_t in_flight) {
  state_.in_flight = in_flight;
  level_.End(now, began, served, in_flight);
  if (phase_ == Phase::kVerifying) low_.End(now, began, served, in_flight);
  if (!level_.Above() && !level_.Complete(now)) return;
  if (level_.Count() == 0) return Finish(now);
  switch (phase_) {
    case Phase::kTesting:
      return EndTest(now);
    case Phase::kVerifying:
      return EndVerify(now);
    default:
      return EndMeasure(now);
  }
}

void ResponseProbe::BeginTest(uint64_t now, double from) {
  phase_ = Phase::kTesting;
  trusted_ns_ = response_.Ns();
  saturated_ = verified_ = false;
  response_.Doubt();
  LevelProbe::Plan plan{};
  plan.level = static_cast<uint32_t>(std::max(1.0, std::round(kTestShare * from)));
  plan.size = SizeFor(kTestError);
  BeginLevel(now, plan);
}

void ResponseProbe::EndTest(uint64_t now) {
  const double mean = level_.MeanNs(now);
  const double rate = level_.Level() / mean;
  const double error = std::sqrt(response_.RelativeVariance() / level_.Count());
  if (!level_.Above() && std::abs(mean / trusted_ns_ - 1) < 1 - kSame + error) {
    response_.Learn(level_.Responses());
    state_.capacity = std::max(rate, state_.capacity);
    return Finish(now);
  }
  if (level_.Above() || level_.Level() == 1) return BeginVerify(now);
  state_.capacity = rate;
  saturated_ = true;
  BeginMeasure(now, std::min(trusted_ns_, kShare * mean));
}

void ResponseProbe::BeginVerify(uint64_t now) {
  phase_ = Phase::kVerifying;
  verified_ = true;
  low_ = level_;
  LevelProbe::Plan plan{};
  plan.level = static_cast<uint32_t>(std::max(1.0, std::round(kShare * state_.before)));
  plan.skipped = plan.level;
  plan.size = SizeFor(MeasureError());
  plan.above_ns = std::numeric_limits<double>::infinity();
  plan.patience_ns = low_.MeanNs(now) * plan.level / low_.Level();
  BeginLevel(now, plan);
}

void ResponseProbe::EndVerify(uint64_t now) {
  const double high = level_.MeanNs(now);
  const double low = low_.MeanNs(now);
  const double counts = 1.0 / low_.Count() + 1.0 / level_.Count();
  const double error = 2 * std::sqrt(response_.RelativeVariance() * counts);
  const double levels = static_cast<double>(level_.Level()) / low_.Level();
  state_.capacity = level_.Level() / high;
  if (levels > 1 && high > low * std::min(1 / kSame + error, std::sqrt(levels))) {
    saturated_ = true;
    return BeginMeasure(now, low_.Level() == 1 ? low : std::min(trusted_ns_, low));
  }
  response_.Learn(level_.Responses());
  Finish(now);
}

void ResponseProbe::BeginMeasure(uint64_t now, double guess_ns) {
  phase_ = Phase::kMeasuring;
  guess_ns_ = guess_ns;
  LevelProbe::Plan plan{};
  const double level = kShare * state_.capacity * guess_ns;
  plan.level = static_cast<uint32_t>(std::max(1.0, std::round(level)));
  plan.size = SizeFor(MeasureError());
  const double known = std::max(trusted_ns_, guess_ns);
  plan.spread_ns = kAboveErrors * known * std::sqrt(response_.RelativeVariance());
  // If the result cannot or need not be verified, the probe waits for all handlers.
  const bool waits = (saturated_ && Steady()) || plan.level >= kShare * state_.before;
  plan.above_ns = waits ? std::numeric_limits<double>::infinity() : kAbove * known;
  BeginLevel(now, plan);
}

void ResponseProbe::EndMeasure(uint64_t now) {
  if (level_.Above()) {
    const bool tested = saturated_ || level_.Level() == 1;
    return tested ? BeginVerify(now) : BeginTest(now, level_.Level());
  }
  const double mean = level_.MeanNs(now);
  const double rate = level_.Level() / mean;
  const double error = std::sqrt(response_.RelativeVariance() / level_.Count());
  const bool higher = mean > trusted_ns_ * (1 / kSame + error);
  // The results indicate a queue and a slower service at the same time. More likely, there was no
  // queue.
  if (saturated_ && !verified_ && higher && !Steady()) return BeginVerify(now);
  response_.Learn(level_.Responses());
  if (level_.Level() > 1 && mean < (kSame - error) * guess_ns_) {
    saturated_ = mean < kSaturated * guess_ns_;
    state_.capacity = saturated_ ? rate : std::max(state_.capacity, rate);
    return BeginMeasure(now, saturated_ ? std::min(trusted_ns_, kShare * mean) : mean);
  }
  rose_ = !saturated_ && !verified_ && before_ns_ < kSame * response_.Ns();
  Finish(now);
}

void ResponseProbe::BeginLevel(uint64_t now, LevelProbe::Plan plan) {
  plan.stuck = static_cast<uint32_t>(std::round(state_.stuck));
  plan.fewest = std::min(kEnough, plan.size);
  plan.longest_ns = LongestNs();
  plan.patience_ns =
      std::max(response_.Ns(), plan.patience_ns) * (1 + response_.RelativeVariance());
  level_ = LevelProbe(now, state_.in_flight, plan);
}

void ResponseProbe::Finish(uint64_t now) {
  phase_ = Phase::kNone;
  confirming_ = response_.Ns() > before_ns_ / kSame && !Steady();
  const auto duration = static_cast<double>(now - begun_);
  double pause = kSoonDurations * LongestNs();
  if (confirming_) {
    pause = LongestNs();
  } else if (response_.Error() <= kKnownError) {
    pause = std::max(kEveryNs + kEveryResponses * response_.Ns(), kEveryDurations * duration);
  }
  due_at_ = now + static_cast<uint64_t>(pause);
}

uint32_t ResponseProbe::SizeFor(double error) const {
  const double needed = response_.RelativeVariance() / (error * error);
  return static_cast<uint32_t>(std::clamp(needed, kFewest, kMost));
}

double ResponseProbe::MeasureError() const { return confirming_ ? kConfirmError : kMeasureError; }

double ResponseProbe::LongestNs() const { return kLongestNs + kLongestResponses * response_.Ns(); }

bool ResponseProbe::Steady() const { return response_.RelativeVariance() < kSteady; }

}  // namespace spillway
