#include "admission/class_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// The time over which rates are smoothed: about three windows, to level out the noise of a window's
// few completions, plus two response times, because slow requests may complete in waves.
constexpr double kMemoryNs = 250e6;
constexpr double kMemoryResponses = 2;

// The loop's capacity is that of the best recent window, because a window with a pause shows less.
// The value decays by 5 % a window.
constexpr double kFading = 0.95;

// The queueing allowed while the limit is enforced, and the queueing at which it becomes enforced.
// Each is a part of the delay limit plus a part of the response time, because the response time is
// not known precisely. The gap between the two leaves room for classes that only suffer from
// another's queue.
constexpr double kAllowed = 0.5;
constexpr double kAllowedResponse = 0.125;
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

// If less than this part of the limit is used, the throughput does not show the capacity of the
// class.
constexpr double kLeastFull = 0.67;

// The limit is no longer enforced after 450 ms plus two response times without a refusal.
constexpr double kCalmNs = 450e6;
constexpr double kCalmResponses = 2;

// During a probe, the class may have half as many requests in flight as it needs. A probe runs when
// the limit becomes enforced, when X has changed by a factor of 1.5, and periodically. Slow
// responses make probes longer, so probes of a slow class run less often. A probe is cut short if
// few requests complete.
constexpr double kProbeShare = 0.5;
constexpr double kProbeChange = 1.5;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeEveryResponses = 50;
constexpr double kProbeMostNs = 500e6;
constexpr double kProbeMostResponses = 2;

// The longest duration is forgotten gradually, over about 64 shorter requests.
constexpr double kLongestRequests = 64;

// If a probe finds less than this part of R, a queue was present when R was measured. The new R may
// still include some of that queue.
constexpr double kLower = 0.9;

// The service has become slower if two probes in quick succession find responses that exceed the
// allowed response time by this factor. A single probe may be misleading: if eight controllers
// share a resource, the one extra request that each of them admits is enough to reach this factor.
constexpr double kSlower = 1.25;
constexpr int kSlowerProbes = 2;
constexpr double kProbeAgainNs = 100e6;

}  // namespace

void ClassLimit::Lasted(double ns) {
  longest_ns_ = std::max(ns, longest_ns_ - (longest_ns_ - ns) / kLongestRequests);
}

void ClassLimit::Completed(uint64_t now, uint64_t start, const Setting& setting) {
  const auto response = static_cast<double>(now - start);
  ++completions_;
  responses_ += response;
  if (enforcing_) {
    if (probe_.Add(start, response)) EndProbe(now, setting);
    return;
  }
  if (!(setting.late || setting.saturated)) no_load_.Add(now, response);
  queue_ns_ = response - NoLoadNs();
  if (start >= setting.settled) detector_.Add(response);
}

void ClassLimit::CompletedElsewhere(double response_ns) {
  ++completions_;
  responses_ += response_ns;
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
  if (!no_load_.Proven()) no_load_ = NoLoadBaseline();
}

void ClassLimit::EndWindow(const Window& window, const Setting& setting) {
  const double rate = completions_ / window.elapsed_ns;
  const double memory = kMemoryNs + kMemoryResponses * NoLoadNs();
  const double newest = window.elapsed_ns / (window.elapsed_ns + memory);
  rate_ += newest * (rate - rate_);
  arrival_rate_ += newest * (arrivals_ / window.elapsed_ns - arrival_rate_);
  busy_ += newest * (window.busy_ns / window.elapsed_ns - busy_);
  cost_ns_ = window.cost_ns;
  loop_capacity_ *= kFading;
  if (completions_ > 0 && busy_ > 0) loop_capacity_ = std::max(loop_capacity_, rate_ / busy_);
  if (enforcing_) {
    EndEnforcedWindow(window, rate, newest, setting);
  } else {
    const double no_load_ns = NoLoadNs();
    detector_.EndWindow(
        window.elapsed_ns, rate_, in_flight_,
        {no_load_ns, no_load_.Variance(), EvidentNs(no_load_ns, window.pause_ns, setting)});
  }
  SetLimits(setting);
  ForgetWindow();
}

void ClassLimit::SkipWindow(const Window& window) {
  const double newest = window.elapsed_ns / (window.elapsed_ns + kMemoryNs);
  rate_ += newest * (admissions_ / window.elapsed_ns - rate_);
  arrival_rate_ += newest * (arrivals_ / window.elapsed_ns - arrival_rate_);
  detector_.Drop();
  ForgetWindow();
}

void ClassLimit::ForgetWindow() {
  arrivals_ = admissions_ = refusals_ = completions_ = 0;
  responses_ = 0;
}

void ClassLimit::EndEnforcedWindow(const Window& window, double rate, double newest,
                                   const Setting& setting) {
  if (refusals_ > 0) {
    calm_ns_ = 0;
    // A probe measures R. X is the throughput without a probe.
    if (!probed_) {
      capacity_ += newest * (rate - capacity_);
      fullness_ += newest * (responses_ / window.elapsed_ns / cap_ - fullness_);
    }
  } else {
    capacity_ = std::max(capacity_, rate_);
    calm_ns_ += window.elapsed_ns;
    if (calm_ns_ > kCalmNs + kCalmResponses * NoLoadNs()) {
      enforcing_ = false;
      probe_.End();
    }
  }
  const double most = kProbeMostNs + kProbeMostResponses * NoLoadNs();
  if (probe_.Late(window.now, most)) EndProbe(window.now, setting);
  probed_ = probe_.Running();
}

// Between bursts, fewer requests are in flight than the limit allows. By Little's law, the sum of a
// window's response times is the mean number in flight times the window's length. Returns the
// estimated rate of completions if the limit were always full.
double ClassLimit::CapacityWhenFull() const {
  return capacity_ / std::clamp(fullness_, kLeastFull, 1.0);
}

void ClassLimit::Enforce(const Setting& setting) {
  enforcing_ = true;
  calm_ns_ = 0;
  // While a class queues, its throughput is its capacity.
  capacity_ = std::max(rate_, detector_.Rate());
  fullness_ = 1;
  slower_probes_ = 0;
  probe_at_ = 0;
  detector_.Drop();
  SetLimits(setting);
}

void ClassLimit::Take(const ClassLimit& other, double rate, const Setting& setting) {
  const double all = capacity_ + rate;
  if (other.Known() && all > 0) {
    const double before = Known() ? NoLoadNs() * capacity_ : other.NoLoadNs() * capacity_;
    no_load_.Reset((before + other.NoLoadNs() * rate) / all);
  }
  if (!enforcing_) {
    enforcing_ = true;
    calm_ns_ = 0;
    fullness_ = other.enforcing_ ? other.fullness_ : 1;
    probe_at_ = other.enforcing_ ? other.probe_at_ : 0;
  }
  capacity_ = all;
  // This change of X is no reason for a probe.
  probed_capacity_ += rate;
  SetLimits(setting);
}

void ClassLimit::SplitFrom(uint64_t now, ClassLimit& other, double share) {
  no_load_.Guess(now, other.no_load_);
  rate_ = share * other.rate_;
  arrival_rate_ = share * other.arrival_rate_;
  other.rate_ -= rate_;
  other.arrival_rate_ -= arrival_rate_;
}

double ClassLimit::GiveAway(double share, const Setting& setting) {
  const double capacity = share * capacity_;
  capacity_ -= capacity;
  probed_capacity_ -= share * probed_capacity_;
  SetLimits(setting);
  return capacity;
}

double ClassLimit::AllowedNs(double queue_ns) const {
  return (1 + kAllowedResponse) * NoLoadNs() + queue_ns;
}

void ClassLimit::SetLimits(const Setting& setting) {
  const double no_load_ns = NoLoadNs();
  // No queueing is allowed if requests exceed the delay limit before they arrive here: long turns
  // keep them in the kernel's queue, because the loop accepts one connection a turn.
  const double queue = setting.overdue ? 0 : kAllowed * setting.max_delay_ns;
  if (probe_.Running()) {
    cap_ = std::max(1u, static_cast<uint32_t>(std::ceil(kProbeShare * capacity_ * no_load_ns)));
  } else {
    // One more than Little's law allows, so that a limit that is too low can grow.
    cap_ = 1 + static_cast<uint32_t>(std::round(CapacityWhenFull() * AllowedNs(queue)));
  }
  burst_ = static_cast<uint32_t>(kBurst * loop_capacity_ * (no_load_ns + setting.max_delay_ns));
}

bool ClassLimit::WantsProbe(uint64_t now) const {
  return enforcing_ && !probe_.Running() &&
         (now >= probe_at_ || capacity_ * kProbeChange < probed_capacity_ ||
          capacity_ > kProbeChange * probed_capacity_);
}

void ClassLimit::BeginProbe(uint64_t now, const Setting& setting) {
  probe_.Begin(now);
  probed_ = true;
  SetLimits(setting);
}

// With the queue drained, a response time well above R means a slower service, or the queue of
// another process. Such a queue disappears once all processes that see it hold back, so several
// probes must agree. As long as responses get faster with fewer requests in flight, the next probe
// follows at once.
void ClassLimit::EndProbe(uint64_t now, const Setting& setting) {
  const double response = probe_.ResponseNs();
  const double no_load_ns = NoLoadNs();
  double pause = kProbeEveryNs + kProbeEveryResponses * response;
  if (response < no_load_ns) {
    if (response < kLower * no_load_ns) pause = 0;
    no_load_.Reset(response);
  }
  if (response > kSlower * AllowedNs(kAllowed * setting.max_delay_ns)) {
    pause = kProbeAgainNs;
    SeemsSlower(response);
  } else {
    slower_probes_ = 0;
  }
  probe_.End();
  probed_capacity_ = capacity_;
  probe_at_ = now + static_cast<uint64_t>(pause);
  SetLimits(setting);
}

void ClassLimit::SeemsSlower(double response_ns) {
  if (slower_probes_ == 0) {
    slower_ns_ = response_ns;
    slower_capacity_ = capacity_;
  }
  slower_ns_ = std::min(slower_ns_, response_ns);
  if (++slower_probes_ < kSlowerProbes) return;
  no_load_.Reset(slower_ns_);
  // The probes have allowed the class fewer requests in flight than it needs, so `capacity_` may be
  // too low by now.
  capacity_ = std::max(capacity_, slower_capacity_);
  slower_probes_ = 0;
}

}  // namespace spillway
