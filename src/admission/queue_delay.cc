#include "admission/queue_delay.h"

#include <algorithm>

namespace spillway {

namespace {

// Reading an age twice can show a wait of up to two ticks of the kernel's clock where there was
// almost none.
constexpr uint64_t kTicksOfDoubt = 2;

// A wait is long if it exceeds half of the limit.
constexpr uint64_t kLatePart = 2;

// A queue stands if two thirds of the waits were long. When a burst reaches an idle server, the
// waits rise evenly from 0: by the time two thirds of them exceed half of the limit, the last ones
// exceed the limit. A queue is detected even if a third of the requests appear not to have waited.
constexpr uint32_t kLateOf = 3;
constexpr uint32_t kLateLeast = 2;

// The queue no longer stands if less than a tenth of the requests had to be refused for two
// windows: a queue of normal length can absorb that much overload. If a single window were enough,
// random variation would restore the longer limit every few seconds.
constexpr uint32_t kRefusedPart = 10;
constexpr uint64_t kCalmNs = 150'000'000;

// A backlog is not overload if the loop works it off within ten times the delay limit: 1 s by
// default. At a load of p, a backlog of w is worked off in w / (1 - p).
constexpr double kWorkOff = 10;

// How long a connection may wait while a burst is being worked off, in delay limits.
constexpr uint64_t kBurst = 20;

}  // namespace

QueueDelay::QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns)
    : max_delay_(max_delay_ns),
      kept_(max_delay_ns),
      pause_(kTicksOfDoubt * tick_ns),
      waiting_(max_delay_ns),
      patience_(static_cast<uint64_t>(kWorkOff * static_cast<double>(max_delay_ns))) {}

bool QueueDelay::Admits(uint64_t now, uint64_t wait_ns, bool queued, bool light) const {
  if (stands_ && !light) return wait_ns <= kept_.Ns();
  if (wait_ns <= max_delay_ || wait_ns <= PatientNs(now)) return true;
  return queued && wait_ns <= kBurst * max_delay_ && WorksOffBurst();
}

// The limit while no queue stands.
uint64_t QueueDelay::PatientNs(uint64_t now) const {
  return std::max(patience_, max_delay_ + pause_.Ns(now));
}

// If other requests must be refused meanwhile, the server does not have the time to serve requests
// that waited for long.
bool QueueDelay::WorksOffBurst() const {
  return !stands_ && !refused_by_other_ && !refused_by_other_before_ && waiting_.Shrinks();
}

void QueueDelay::Saw(uint64_t wait_ns, bool queued, bool refused) {
  if (queued) waiting_.Accepted();
  Waits& waits = queued ? accepted_ : kept_alive_;
  ++waits.seen;
  waits.late += wait_ns > max_delay_ / kLatePart;
  waits.refused += refused;
}

void QueueDelay::Spilled(uint32_t count) {
  waiting_.Spilled(count);
  accepted_.seen += count;
  accepted_.refused += count;
}

void QueueDelay::OnTurn(uint64_t now, uint64_t busy_ns, double share) {
  pause_.OnTurn(now, busy_ns, share);
  waiting_.OnTurn(now);
  busy_ += busy_ns;
  ++turns_;
}

bool QueueDelay::AreLong(const Waits& waits) const {
  if (waits.seen == 0) return false;
  if (stands_ && waits.refused * kRefusedPart >= waits.seen) return true;
  return waits.late * kLateOf >= waits.seen * kLateLeast;
}

// The estimated wait of the last connection in the accept queue at the moment when the queue was
// shortest. The loop accepts one connection per turn.
bool QueueDelay::AcceptQueueIsLong(double window_ns) const {
  if (turns_ == 0 || window_begun_ == 0) return false;
  const double wait = waiting_.ShortestOfWindow() * window_ns / turns_;
  return wait > static_cast<double>(max_delay_) / kLatePart;
}

void QueueDelay::EndWindow(uint64_t now, double busy_ns, double completions) {
  const uint64_t window = now - window_begun_;
  const auto window_ns = static_cast<double>(window);
  const uint32_t arrivals = accepted_.seen + kept_alive_.seen;
  const uint32_t refusals = accepted_.refused + kept_alive_.refused;
  const bool accept_queue_is_long = AcceptQueueIsLong(window_ns);
  demand_.EndWindow(window_ns, busy_ns, arrivals + waiting_.EndWindow(), completions);
  kept_.EndWindow(window, busy_, arrivals, refusals);
  Judge(now, accept_queue_is_long);
  patience_ = static_cast<uint64_t>(kWorkOff * static_cast<double>(max_delay_) *
                                    std::max(0.0, 1 - demand_.Load()));
  accepted_ = kept_alive_ = {};
  window_begun_ = now;
  turns_ = 0;
  busy_ = 0;
  refused_by_other_before_ = refused_by_other_;
  refused_by_other_ = false;
}

void QueueDelay::Judge(uint64_t now, bool accept_queue_is_long) {
  QueueReason reason = QueueReason::kFewRefused;
  const bool burst = WorksOffBurst();
  if (AreLong(accepted_) && !burst) {
    reason = QueueReason::kAcceptWaits;
  } else if (AreLong(kept_alive_)) {
    reason = QueueReason::kKeptWaits;
  } else if (accept_queue_is_long && !burst) {
    reason = QueueReason::kAcceptLength;
  }
  if (stands_ && kept_.IsTooShort() && !demand_.Exceeds()) {
    Become(now, false, QueueReason::kIdle);
  } else if (reason != QueueReason::kFewRefused && (stands_ || demand_.Exceeds())) {
    long_at_ = now;
    if (!stands_) Become(now, true, reason);
  } else if (stands_ && now - long_at_ > kCalmNs) {
    Become(now, false, reason);
  }
}

void QueueDelay::Become(uint64_t now, bool stands, QueueReason reason) {
  stands_ = stands;
  reason_ = reason;
  since_ = now;
  if (stands) kept_.Begin(demand_.Load());
}

}  // namespace spillway
