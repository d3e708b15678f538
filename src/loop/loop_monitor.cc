#include "loop/loop_monitor.h"

#include <algorithm>
#include <new>
#include <utility>

#include "os/clocks.h"
#include "os/run_queue.h"
#include "os/socket_queue.h"

namespace spillway {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// The longest time until a listener that needs a turn gets one. For example, only the spill polls
// the connections that it holds, and a request may arrive on them at any time.
constexpr uint64_t kNeededTurnMs = 5;

// The maximum error of the difference between two ages that are each exact to one tick.
constexpr uint64_t kTicksOfDoubt = 2;

// A client is assumed to send its request within a quarter of the time for which its connection
// waits to be accepted. If its last bytes are younger, it has sent more since.
constexpr uint64_t kSendPart = 4;

// How long to reuse a reading of the time that the thread waited for a processor: a tenth of the
// shortest pause. A reading takes three system calls.
constexpr uint64_t kWaitedIsNewNs = Pause::kShortestNs / 10;

// How long to reuse a reading of the thread's processor time, which takes a system call.
constexpr uint64_t kRanIsNewNs = 20 * kNsPerMs;

}  // namespace

LoopMonitor::LoopMonitor(uv_loop_t* loop)
    : loop_(loop), tick_(socket_queue::Available() ? socket_queue::TickNs() : 0), queues_(loop) {}

LoopMonitor* LoopMonitor::New(uv_loop_t* loop) {
  auto* monitor = new (std::nothrow) LoopMonitor(loop);
  if (monitor == nullptr) return nullptr;
  if (monitor->timer_.Init(uv_timer_init, loop, monitor) == 0 &&
      monitor->prepare_.Init(uv_prepare_init, loop, monitor) == 0 &&
      monitor->check_.Init(uv_check_init, loop, monitor) == 0 &&
      monitor->wake_.Init(uv_timer_init, loop, monitor) == 0) {
    return monitor;
  }
  monitor->Close([](void*) {}, nullptr);
  return nullptr;
}

bool LoopMonitor::Start(uint64_t interval_ms, double factor) {
  if (timer_.Get() == nullptr) return false;
  // The loop's cached time may date from the start of the running script, which must not count as
  // lag.
  uv_update_time(loop_);
  interval_ms_ = interval_ms;
  stats_.Configure(factor, interval_ms * kNsPerMs);
  stats_.Reset(Read(true), interval_ms * kNsPerMs);
  ForgetLookups();
  running_ = uv_prepare_start(prepare_.Get(), OnPrepare) == 0 &&
             uv_check_start(check_.Get(), OnCheck) == 0 && ArmTimer();
  return running_;
}

bool LoopMonitor::Stop() {
  if (!running_) return false;
  running_ = false;
  uv_timer_stop(timer_.Get());  // all three always return 0
  uv_prepare_stop(prepare_.Get());
  uv_check_stop(check_.Get());
  stats_.Reset(Read(true), interval_ms_ * kNsPerMs);
  ForgetLookups();
  WakeForListeners();  // OnCheck() no longer runs
  return true;
}

void LoopMonitor::SetFactor(double factor) { stats_.Configure(factor, interval_ms_ * kNsPerMs); }

uint64_t LoopMonitor::TurnSoFar() { return TurnSoFar(uv_hrtime()); }

uint64_t LoopMonitor::TurnSoFar(uint64_t now) {
  return running_ ? WithoutPause(stats_.TurnSoFar(now, Idle())) : 0;
}

uint64_t LoopMonitor::LongestWait() {
  return running_ ? WithoutPause(stats_.LongestWait(uv_hrtime(), Idle())) : 0;
}

uint64_t LoopMonitor::Idle() {
  if (!idle_is_read_) {
    idle_ = uv_metrics_idle_time(loop_);
    idle_is_read_ = true;
  }
  return idle_;
}

// The thread's clocks are costly to read, and no pause is shorter than this.
uint64_t LoopMonitor::WithoutPause(uint64_t wait) {
  return wait < Pause::kShortestNs ? wait : stats_.WithoutPause(Read(true), wait);
}

double LoopMonitor::SteadyDelay() {
  if (!steady_delay_is_known_) {
    // The loop accepts one connection a turn.
    const double queue = LongestAcceptQueue(uv_hrtime()) * stats_.MeanTurn();
    steady_delay_ = std::max({stats_.Lag(), stats_.RequestWait(uv_hrtime()), queue});
    steady_delay_is_known_ = true;
  }
  return steady_delay_;
}

double LoopMonitor::Delay() {
  return std::max(SteadyDelay(), static_cast<double>(TurnSoFar(uv_hrtime())));
}

bool LoopMonitor::IsBusy(double max_lag) {
  const double delay = std::max(SteadyDelay(), static_cast<double>(TurnSoFar(CoarseNowNs())));
  if (delay <= max_lag) return false;
  return std::uniform_real_distribution<double>()(random_) < (delay - max_lag) / max_lag;
}

double LoopMonitor::ConnectionAge(int fd) const {
  if (tick_ == 0) return -1;
  const auto ages = socket_queue::ReadAges(fd);
  return ages ? static_cast<double>(ages->last_send) : -1;
}

// The loop reads the first bytes of a connection in the turn after the one in which it accepts it.
bool LoopMonitor::JustAccepted(uint64_t age, uint64_t queued) {
  return age <= queued + stats_.LastTurn() + TurnSoFar(uv_hrtime()) + kTicksOfDoubt * tick_;
}

// The age of the last bytes is only a lower bound of the wait: it restarts if the client sends
// more, such as a body or another request.
double LoopMonitor::OnRequest(int fd, bool fresh, double queued) {
  was_queued_ = false;
  if (tick_ == 0) return -1;
  // A second request in the same turn is assumed to have arrived together with the first.
  if (!fresh && fd == last_fd_)
    return static_cast<double>(last_wait_ + uv_hrtime() - last_wait_at_);
  last_fd_ = -1;
  // A request on a connection that the loop already polls cannot have waited for longer than since
  // the last poll. If that is less than the kernel's resolution, the costly system call is skipped.
  if (running_ && !fresh && stats_.LastTurn() + TurnSoFar(CoarseNowNs()) < tick_) return 0;
  const auto ages = socket_queue::ReadAges(fd);
  if (!ages) return -1;
  uint64_t age = ages->last_receive;
  if (fresh && queued >= 0) {
    const auto waited = static_cast<uint64_t>(queued);
    was_queued_ = JustAccepted(ages->last_send, waited);
    if (was_queued_ && age + std::max(kTicksOfDoubt * tick_, waited / kSendPart) < waited)
      age = waited;
  }
  const uint64_t wait = WithoutPause(age);
  if (running_) {
    last_wait_at_ = uv_hrtime();
    stats_.OnRequest(last_wait_at_, wait);
    steady_delay_is_known_ = false;
    last_fd_ = fd;
    last_wait_ = wait;
  }
  return static_cast<double>(wait);
}

void LoopMonitor::WatchListeners(const std::vector<int>& fds) {
  std::vector<std::shared_ptr<AcceptQueue>> listeners;
  listeners.reserve(fds.size());
  for (const int fd : fds) listeners.push_back(queues_.Of(fd));
  listeners_ = std::move(listeners);
  ForgetLookups();
}

// A connection that has arrived since the last reading may have waited as long as the turn that
// runs now has been busy, or not at all.
double LoopMonitor::Accepted(int fd) {
  for (const auto& listener : listeners_) {
    if (listener->Fd() != fd || !listener->IsUnix()) continue;
    const uint64_t now = uv_hrtime();
    return static_cast<double>(std::max(listener->Accepted(now), TurnSoFar(now) / 2));
  }
  return -1;
}

void LoopMonitor::Close(void (*on_closed)(void* data), void* data) {
  if (on_closed_ != nullptr) return;
  on_closed_ = on_closed;
  on_closed_data_ = data;
  running_ = false;
  for (const bool will_call : {timer_.Close(OnHandleClosed), prepare_.Close(OnHandleClosed),
                               check_.Close(OnHandleClosed), wake_.Close(OnHandleClosed)}) {
    closing_ += will_call ? 1 : 0;
  }
  if (closing_ == 0) delete this;
}

void LoopMonitor::ForgetLookups() {
  queue_is_read_ = steady_delay_is_known_ = idle_is_read_ = false;
  last_fd_ = -1;
}

LoopReading LoopMonitor::Read(bool with_work) {
  const uint64_t work = with_work ? ThreadCpuNs() + Waited() : 0;
  return {uv_hrtime(), uv_metrics_idle_time(loop_), work};
}

// Returns 0 if the processor time was read a moment ago.
uint64_t LoopMonitor::Lost(uint64_t now, uint64_t busy) {
  busy_ += busy;
  if (now - ran_read_at_ < kRanIsNewNs) return 0;
  const uint64_t ran = ThreadCpuNs();
  const uint64_t lost = busy_ - std::min(busy_, ran - ran_);
  ran_read_at_ = now;
  ran_ = ran;
  busy_ = 0;
  return lost;
}

uint64_t LoopMonitor::Waited() {
  const uint64_t now = uv_hrtime();
  if (now - waited_read_at_ < kWaitedIsNewNs) return waited_;
  waited_read_at_ = now;
  const std::optional<uint64_t> reading = run_queue::WaitedNs();
  if (!reading) return waited_;  // no descriptor is left, or the system does not report it
  if (waited_reading_) waited_ += *reading - *waited_reading_;
  waited_reading_ = reading;
  return waited_;
}

// The timer fires once, so that its due time is known exactly. A repeating timer is rearmed from a
// cached time, which may be older than the callbacks that ran before it.
bool LoopMonitor::ArmTimer() {
  due_ = (uv_now(loop_) + interval_ms_) * kNsPerMs;  // uv_now() is uv_hrtime() in whole ms
  return uv_timer_start(timer_.Get(), OnTimer, interval_ms_, 0) == 0;
}

uint32_t LoopMonitor::LongestAcceptQueue(uint64_t now) {
  if (queue_is_read_) return longest_queue_;
  queue_is_read_ = true;
  longest_queue_ = 0;
  for (const auto& listener : listeners_) {
    (void)listener->Refresh(now);
    longest_queue_ = std::max(longest_queue_, listener->Length());
  }
  return longest_queue_;
}

void LoopMonitor::OnTimer(uv_timer_t* timer) {
  auto* self = static_cast<LoopMonitor*>(timer->data);
  self->stats_.OnTick(self->Read(true), self->due_);
  self->running_ = self->ArmTimer();
  self->ForgetLookups();
}

// The loop may sleep after this.
void LoopMonitor::OnPrepare(uv_prepare_t* prepare) {
  static_cast<LoopMonitor*>(prepare->data)->idle_is_read_ = false;
}

void LoopMonitor::OnCheck(uv_check_t* check) {
  auto* self = static_cast<LoopMonitor*>(check->data);
  const LoopReading reading = self->Read(false);
  const uint64_t busy = self->WithoutPause(self->stats_.TurnSoFar(reading.now, reading.idle));
  self->stats_.OnTurnEnd(reading, busy);
  const Turn turn{reading.now, busy, self->LongestAcceptQueue(reading.now),
                  self->Lost(reading.now, busy)};
  self->turns_->Measured(turn);
  self->ForgetLookups();
  self->turns_->Act(turn);
  self->WakeForListeners();
}

void LoopMonitor::WakeForListeners() {
  uv_timer_t* wake = wake_.Get();
  if (wake == nullptr || !turns_->AnyNeedsTurn()) return;
  (void)uv_timer_start(wake, OnWake, kNeededTurnMs, 0);  // fails only on a closing handle
}

void LoopMonitor::OnWake(uv_timer_t* wake) {
  auto* self = static_cast<LoopMonitor*>(wake->data);
  if (self->running_) return;  // OnCheck() will run
  self->turns_->Act({uv_hrtime(), 0, 0, 0});
  self->WakeForListeners();
}

void LoopMonitor::OnHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<LoopMonitor*>(handle->data);
  if (--self->closing_ > 0) return;
  self->on_closed_(self->on_closed_data_);
  delete self;
}

}  // namespace spillway
