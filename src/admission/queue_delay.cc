#include "admission/queue_delay.h"

#include <algorithm>

namespace spillway {

namespace {

// Reading an age twice can show a wait of up to two ticks of the kernel's clock where there was
// almost none.
constexpr uint64_t kTicksOfDoubt = 2;

// A wait is long if it exceeds half of the limit plus what pauses can explain.
constexpr uint64_t kLatePart = 2;

// The queue no longer stands if its waits have been short for two windows. If a single window were
// enough, random variation would restore the longer limit every few seconds.
constexpr uint64_t kCalmNs = 150'000'000;

// A backlog is not overload if the loop works it off within ten times the delay limit: 1 s by
// default. At a load of p, a backlog of w is worked off in w / (1 - p).
constexpr double kWorkOff = 10;

// A client that uses little of its share may wait for longer, by this many delay limits. For a
// connection that the spill hands over on time, it is a whole one, because the loop needs a turn or
// two to read the request.
constexpr double kStrongest = 0.75;
// A request beyond its client's share may wait for less, by this part, unless the queue has to be
// as long as it may be to keep the loop busy. A request of a level below the cutoff may never wait
// for longer: the level of the cutoff keeps the loop busy.
constexpr double kWeaker = 0.75;

// How long a connection may wait while a burst is being worked off, in delay limits.
constexpr uint64_t kBurst = 50;

}  // namespace

QueueDelay::QueueDelay(uint64_t max_delay_ns, uint64_t tick_ns)
    : max_delay_(max_delay_ns),
      kept_(max_delay_ns),
      pause_(max_delay_ns, kTicksOfDoubt * tick_ns),
      waiting_(max_delay_ns),
      patience_(static_cast<uint64_t>(kWorkOff * static_cast<double>(max_delay_ns))) {}

bool QueueDelay::Admits(uint64_t now, uint64_t wait_ns, bool queued, bool light,
                        const Claim& claim) const {
  const bool is_exempt = light && claim.kind != Claim::Kind::kBelow;
  if (stands_ && !is_exempt) return wait_ns <= KeptNs(claim);
  if (wait_ns <= max_delay_ || wait_ns <= PatientNs(now)) return true;
  return queued && wait_ns <= kBurst * max_delay_ && WorksOffBurst();
}

// The limit while a queue stands. Refusing the weakest claims keeps the queue short. The strongest
// ones are admitted even if they have waited for longer by chance.
uint64_t QueueDelay::KeptNs(const Claim& claim) const {
  const auto kept = static_cast<double>(kept_.Ns());
  const auto most = static_cast<double>(max_delay_);
  double weaker = kWeaker;
  switch (claim.kind) {
    case Claim::Kind::kEqual:
    case Claim::Kind::kMarginal:
      return kept_.Ns();
    case Claim::Kind::kPromised:
      return static_cast<uint64_t>(kept + most);
    case Claim::Kind::kWithin:
      return static_cast<uint64_t>(kept + claim.saved * kStrongest * most);
    case Claim::Kind::kBeyond:
      weaker *= 1 - kept_.Rise();
      break;
    case Claim::Kind::kBelow:
      break;
  }
  // A shorter wait cannot be told from none.
  return std::max(ResolutionNs(), static_cast<uint64_t>(kept * (1 - weaker)));
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
  begun_ += !refused;
  if (queued) waiting_.Accepted();
  const bool is_late = wait_ns > max_delay_ / kLatePart + pause_.PausesNs();
  (queued ? accepted_ : kept_alive_).Saw(is_late, refused);
}

void QueueDelay::Spilled(uint32_t count) {
  waiting_.Spilled(count);
  accepted_.Spilled(count);
}

void QueueDelay::OnTurn(uint64_t now, uint64_t busy_ns, uint64_t lost_ns, double share) {
  pause_.OnTurn(now, busy_ns, begun_ * demand_.CostNs(), lost_ns, share);
  waiting_.OnTurn(now);
  busy_ += busy_ns;
  ++turns_;
  begun_ = 0;
}

bool QueueDelay::Queues(const Waits& waits) const {
  return stands_ ? waits.StillStands() : waits.BeginsToStand();
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
  const uint32_t arrivals = accepted_.Seen() + kept_alive_.Seen();
  const uint32_t refusals = accepted_.Refused() + kept_alive_.Refused();
  const bool accept_queue_is_long = AcceptQueueIsLong(window_ns);
  const bool arrivals_known = waiting_.IsKnown() && accepted_.Seen() > kept_alive_.Seen();
  demand_.EndWindow(window_ns, busy_ns, arrivals + waiting_.EndWindow(), completions,
                    arrivals_known);
  kept_.EndWindow(window, busy_, arrivals, refusals);
  Judge(now, accept_queue_is_long);
  patience_ = static_cast<uint64_t>(kWorkOff * static_cast<double>(max_delay_) *
                                    std::max(0.0, 1 - demand_.Load()));
  accepted_.EndWindow();
  kept_alive_.EndWindow();
  window_begun_ = now;
  turns_ = 0;
  busy_ = 0;
  refused_by_other_before_ = refused_by_other_;
  refused_by_other_ = false;
}

void QueueDelay::Judge(uint64_t now, bool accept_queue_is_long) {
  QueueReason reason = QueueReason::kFewRefused;
  const bool burst = WorksOffBurst();
  if (Queues(accepted_) && !burst) {
    reason = QueueReason::kAcceptWaits;
  } else if (Queues(kept_alive_)) {
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
