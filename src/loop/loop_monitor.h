#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "loop/loop_stats.h"
#include "loop/turns.h"
#include "loop/uv_handle.h"

namespace spillway {

/// Watches one event loop: owns the timer and the check handle, reads the clocks and the kernel's
/// queues, and leaves the arithmetic to LoopStats. All times are ns.
///
/// Lives on the heap and deletes itself when uv has let go of its handles: after Close(), never
/// before.
class LoopMonitor final {
 public:
  /// Null if uv refuses a handle.
  static LoopMonitor* New(uv_loop_t* loop);
  LoopMonitor(const LoopMonitor&) = delete;
  LoopMonitor& operator=(const LoopMonitor&) = delete;

  /// Begins to measure, from nothing; restarts if running. False if the handles are closing or uv
  /// refuses. factor in ]0, 1]; interval_ms above 0.
  bool Start(uint64_t interval_ms, double factor);
  /// False if it was not running.
  bool Stop();
  void SetFactor(double factor);

  double Lag() const { return stats_.Lag(); }
  double Utilization() const { return stats_.Utilization(); }
  double MeanTurn() const { return stats_.MeanTurn(); }
  uint64_t TakeLongestTurn() { return stats_.TakeLongestTurn(); }
  /// Busy time, so far, of the turn now running.
  uint64_t TurnSoFar();
  /// What a request arriving now would wait before its handler: the largest of what the loop, the
  /// recent requests and the accept queues say.
  double Delay();
  /// Whether to shed, for a threshold `max_lag`: never up to it, always from twice that on, with
  /// rising probability between. Judges by Delay(), in which the turn now running may be short by a
  /// tick of the system. Made to be called for every request.
  bool IsBusy(double max_lag);

  /// The age of the connection on `fd`, on which nothing was sent; -1 where the kernel does not
  /// know.
  double ConnectionAge(int fd) const;
  /// A request on the socket `fd` reaches its handler: its wait, or -1 where the kernel does not
  /// know. `fresh`: the first on its connection, which may have waited to be accepted; `queued` is
  /// how long that was, or below 0 where nobody knows.
  double OnRequest(int fd, bool fresh, double queued);
  /// That request came on a connection that had just been accepted.
  bool WasQueued() const { return was_queued_; }

  /// The listeners to this loop's turns. They are told of each while the monitor runs; those that
  /// need a turn get kAct alone while it does not.
  const std::shared_ptr<Turns>& SharedTurns() const { return turns_; }

  /// Resolution of the kernel's waits; 0 where it tells none.
  uint64_t TickNs() const { return tick_; }

  /// Delay() looks at the accept queues of these descriptors, as long as they listen.
  void WatchListeners(std::vector<int> fds);

  /// Idempotent. Afterwards no other function may be called; `on_closed(data)` runs once uv is
  /// done, just before the monitor deletes itself.
  void Close(void (*on_closed)(void* data), void* data);

 private:
  explicit LoopMonitor(uv_loop_t* loop);
  ~LoopMonitor() = default;

  LoopReading Read(bool with_work);
  /// What the thread has waited for a processor since that could first be read.
  uint64_t Waited();
  uint64_t TurnSoFar(uint64_t now);
  /// `wait`, which ends now, without the time in which the process stood still.
  uint64_t WithoutPause(uint64_t wait);
  /// Delay() but for the turn now running.
  double SteadyDelay();
  /// A connection of that age, which waited for `queued` to be accepted, was accepted just now.
  bool JustAccepted(uint64_t age, uint64_t queued);
  void ForgetLookups();
  bool ArmTimer();
  uint32_t LongestAcceptQueue();
  static void OnTimer(uv_timer_t* timer);
  static void OnPrepare(uv_prepare_t* prepare);
  static void OnCheck(uv_check_t* check);
  void WakeForListeners();
  static void OnWake(uv_timer_t* wake);
  static void OnHandleClosed(uv_handle_t* handle);

  uv_loop_t* const loop_;
  const uint64_t tick_;
  LoopStats stats_;
  uint64_t waited_ = 0;
  std::optional<uint64_t> waited_reading_;
  uint64_t waited_read_at_ = 0;
  const std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
  std::vector<int> listeners_;

  // What is looked up once, and then known for the rest of the turn, or until the loop may sleep.
  uint32_t longest_queue_ = 0;
  bool queue_is_read_ = false;
  double steady_delay_ = 0;
  bool steady_delay_is_known_ = false;
  uint64_t idle_ = 0;
  bool idle_is_read_ = false;

  // Of the request that was last asked for, in this turn.
  int last_fd_ = -1;
  uint64_t last_wait_ = 0;
  uint64_t last_wait_at_ = 0;
  bool was_queued_ = false;

  std::minstd_rand random_{static_cast<uint32_t>(uv_hrtime())};

  UvHandle<uv_timer_t> timer_;
  UvHandle<uv_prepare_t> prepare_;
  UvHandle<uv_check_t> check_;
  UvHandle<uv_timer_t> wake_;
  bool running_ = false;
  uint64_t interval_ms_ = 0;
  uint64_t due_ = 0;

  int closing_ = 0;  // handles uv still holds
  void (*on_closed_)(void*) = nullptr;
  void* on_closed_data_ = nullptr;
};

}  // namespace spillway
