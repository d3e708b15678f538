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
#include "os/accept_queue.h"

namespace spillway {

/// Measures one event loop. Owns the uv handles, reads the clocks and the kernel's queues, and
/// leaves the arithmetic to LoopStats. Times are ns.
///
/// Lives on the heap, and deletes itself after Close(), once uv has closed its handles.
class LoopMonitor final {
 public:
  /// Returns null if uv cannot initialize a handle.
  static LoopMonitor* New(uv_loop_t* loop);
  LoopMonitor(const LoopMonitor&) = delete;
  LoopMonitor& operator=(const LoopMonitor&) = delete;

  /// Starts measuring, without any history; restarts if running. Returns false if the handles are
  /// closing or uv fails. `factor` in ]0, 1], per interval; `interval_ms` above 0.
  bool Start(uint64_t interval_ms, double factor);
  /// Returns false if it was not running.
  bool Stop();
  void SetFactor(double factor);

  double Lag() const { return stats_.Lag(); }
  double Utilization() const { return stats_.Utilization(); }
  double MeanTurn() const { return stats_.MeanTurn(); }
  uint64_t TakeLongestTurn() { return stats_.TakeLongestTurn(); }
  /// Busy time so far of the turn that runs now.
  uint64_t TurnSoFar();
  /// How long bytes that the loop has just read may have waited.
  uint64_t LongestWait();
  /// How long a request that arrives now would wait for its handler: the largest of the lag of the
  /// loop, the turn that runs now, the waits of recent requests and the wait in the accept queues.
  double Delay();
  /// Whether to shed a request: never if the delay is at most `max_lag`, always from twice that on,
  /// and with rising probability in between. Uses Delay(), but may underestimate the running turn
  /// by up to one tick of the system clock. Cheap enough to be called for every request.
  bool IsBusy(double max_lag);

  /// The age of the connection on `fd`, or -1 if the kernel does not report it. Valid only until
  /// something is sent on the connection.
  double ConnectionAge(int fd) const;
  /// A request on the socket `fd` reaches its handler. Returns how long it waited, or -1 if the
  /// kernel does not report it. `fresh`: it is the first request on its connection, which may have
  /// waited to be accepted. `queued`: how long that was, or below 0 if unknown.
  double OnRequest(int fd, bool fresh, double queued);
  /// Whether the request of the last OnRequest() call came on a connection that had just been
  /// accepted.
  bool WasQueued() const { return was_queued_; }

  /// The listeners to this loop's turns. While the monitor runs, they are notified of each turn.
  /// While it does not, only kAct runs, and only as long as a listener needs a turn.
  const std::shared_ptr<Turns>& SharedTurns() const { return turns_; }

  /// Resolution of the waits that the kernel reports; 0 if it reports none.
  uint64_t TickNs() const { return tick_; }

  /// The accept queues of this thread's listening sockets.
  AcceptQueues& Queues() { return queues_; }
  /// Delay() takes into account the accept queues of these descriptors, as long as they listen.
  void WatchListeners(const std::vector<int>& fds);
  /// A connection was accepted from the listening socket `fd`. Returns an estimate of how long the
  /// connection had waited, or -1 if the socket is no Unix socket or WatchListeners() was not told
  /// of it.
  double Accepted(int fd);

  /// Idempotent. No other function may be called afterwards. `on_closed(data)` runs once uv has
  /// closed the handles, just before the monitor deletes itself.
  void Close(void (*on_closed)(void* data), void* data);

 private:
  explicit LoopMonitor(uv_loop_t* loop);
  ~LoopMonitor() = default;

  LoopReading Read(bool with_work);
  /// See Turn::lost. Must be called once a turn, with its busy time.
  uint64_t Lost(uint64_t now, uint64_t busy);
  /// The total time for which the thread has waited for a processor since the first reading.
  uint64_t Waited();
  uint64_t TurnSoFar(uint64_t now);
  uint64_t Idle();
  /// `wait`, which ends now, minus the time in which the process was stopped.
  uint64_t WithoutPause(uint64_t wait);
  /// Delay() without the turn that runs now.
  double SteadyDelay();
  /// Whether a connection of this age, which waited for `queued` to be accepted, was accepted just
  /// now.
  bool JustAccepted(uint64_t age, uint64_t queued);
  void ForgetLookups();
  bool ArmTimer();
  uint32_t LongestAcceptQueue(uint64_t now);
  static void OnTimer(uv_timer_t* timer);
  static void OnPrepare(uv_prepare_t* prepare);
  static void OnCheck(uv_check_t* check);
  void WakeForListeners();
  static void OnWake(uv_timer_t* wake);
  static void OnHandleClosed(uv_handle_t* handle);

  uv_loop_t* const loop_;
  const uint64_t tick_;
  LoopStats stats_;
  uint64_t busy_ = 0;  // since `ran_` was read
  uint64_t ran_ = 0;   // the thread's processor time
  uint64_t ran_read_at_ = 0;
  uint64_t waited_ = 0;
  std::optional<uint64_t> waited_reading_;
  uint64_t waited_read_at_ = 0;
  const std::shared_ptr<Turns> turns_ = std::make_shared<Turns>();
  AcceptQueues queues_;
  std::vector<std::shared_ptr<AcceptQueue>> listeners_;

  // Values that are looked up at most once in a turn; `idle_` is read again after the loop may have
  // slept.
  uint32_t longest_queue_ = 0;
  bool queue_is_read_ = false;
  double steady_delay_ = 0;
  bool steady_delay_is_known_ = false;
  uint64_t idle_ = 0;
  bool idle_is_read_ = false;

  // The request of the last OnRequest() call in this turn.
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

  int closing_ = 0;  // handles that uv has not closed yet
  void (*on_closed_)(void*) = nullptr;
  void* on_closed_data_ = nullptr;
};

}  // namespace spillway
