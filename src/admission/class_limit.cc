#include "admission/class_limit.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// How far back a rate looks: about three windows, which levels the noise of a window's few
// completions, and two response times, or a class of slow requests would be seen in waves.
constexpr double kMemoryNs = 250e6;
constexpr double kMemoryResponses = 2;

// What the loop could do is the best seen of late, as a window with a pause in it shows less. It
// fades, 5 % a window.
constexpr double kFading = 0.95;

// The queueing allowed while the limit is enforced, and the queueing that is reason to enforce it:
// a part of maxDelay, and a part of the response time, which is known no better than that. Between
// the two lies room for classes that only suffer.
constexpr double kAllowed = 0.5;
constexpr double kAllowedResponse = 0.125;
constexpr double kEvident = 1;
constexpr double kEvidentResponse = 0.25;

// A class whose last response shows a quarter of what is evident queues, if others do.
constexpr double kQueues = 0.25;

// A response that took twice a pause was held up by the pause, then by all that came meanwhile; it
// shows no queue.
constexpr double kPauses = 2;

// Before it is enforced, and only while the loop is late, this many times what maxDelay allows: X
// is only a guess then.
constexpr double kBurst = 1.5;

// Less full than that, a limit tells nothing of what the class would do.
constexpr double kLeastFull = 0.67;

// So long without a refusal, and two response times, and the limit is enforced no more.
constexpr double kCalmNs = 450e6;
constexpr double kCalmResponses = 2;

// A probe leaves the class half of what it needs. It is made when the limit takes hold, when X
// changed by half, and every so often; the longer responses take, the longer it lasts, so the more
// seldom. One that few complete in is cut short.
constexpr double kProbeShare = 0.5;
constexpr double kProbeChange = 1.5;
constexpr double kProbeEveryNs = 10e9;
constexpr double kProbeEveryResponses = 50;
constexpr double kProbeMostNs = 500e6;
constexpr double kProbeMostResponses = 2;

// The longest request fades from memory as so many shorter ones end.
constexpr double kLongestRequests = 64;

// A response this much below R: R was measured with a queue, and there may be more of it.
constexpr double kLower = 0.9;

// Responses this much above what is allowed, by so many probes soon after each other: the service
// is slower. The first is as much as eight controllers reach that share a resource, each with its
// one too many.
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
  if (!no_load_.Known() || !(setting.late || setting.saturated)) no_load_.Add(now, response);
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
    const double baseline = NoLoadNs();
    detector_.EndWindow(
        window.elapsed_ns, rate_, in_flight_,
        {baseline, no_load_.Variance(), EvidentNs(baseline, window.pause_ns, setting)});
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
    // A probe tells of R; X is what the class does when it may.
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

// Between bursts fewer are in flight than may be (Little's law: the responses of a window, summed,
// are those in flight times the window). With the limit always full, so many would be completed.
double ClassLimit::CapacityWhenFull() const {
  return capacity_ / std::clamp(fullness_, kLeastFull, 1.0);
}

void ClassLimit::Enforce(const Setting& setting) {
  enforcing_ = true;
  calm_ns_ = 0;
  // What a class completes while it queues is what it can do.
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
  // It is no change that a probe would have to look into.
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
  const double baseline = NoLoadNs();
  // What comes too late already waited in the kernel. Long turns keep it there, as each accepts one
  // connection only.
  const double queue = setting.overdue ? 0 : kAllowed * setting.max_delay_ns;
  if (probe_.Running()) {
    cap_ = std::max(1u, static_cast<uint32_t>(std::ceil(kProbeShare * capacity_ * baseline)));
  } else {
    // One more than Little's law allows: so a class that was held too low grows.
    cap_ = 1 + static_cast<uint32_t>(std::round(CapacityWhenFull() * AllowedNs(queue)));
  }
  burst_ = static_cast<uint32_t>(kBurst * loop_capacity_ * (baseline + setting.max_delay_ns));
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

// With the queue drained, a response well above R is no queueing but a slower service; or another's
// queue, which nobody here may know of: then it goes when all who see it hold back, so it takes
// several probes to be believed. As long as responses get faster with fewer in flight, the next
// probe follows at once.
void ClassLimit::EndProbe(uint64_t now, const Setting& setting) {
  const double response = probe_.ResponseNs();
  const double baseline = NoLoadNs();
  double pause = kProbeEveryNs + kProbeEveryResponses * response;
  if (response < baseline) {
    if (response < kLower * baseline) pause = 0;
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
  // What it did before it was held to a part of what it needs.
  capacity_ = std::max(capacity_, slower_capacity_);
  slower_probes_ = 0;
}

}  // namespace spillway
