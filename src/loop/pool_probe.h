#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace spillway {

/// Measures how long work waits for a thread of libuv's pool (file system, DNS, zlib, crypto).
/// Queues one piece of work at a time, which does nothing. Times are ns.
///
/// Has a loop of its own: on Node's loop, the work would keep the process alive for as long as the
/// pool is blocked. Must be created, read and destroyed by the same thread.
class PoolProbe final {
 public:
  /// Returns null if uv cannot create a loop, for example because descriptors have run out.
  static std::unique_ptr<PoolProbe> New();
  /// Cancels or awaits the pending probe; no thread of the pool refers to this object afterwards.
  ~PoolProbe();
  PoolProbe(const PoolProbe&) = delete;
  PoolProbe& operator=(const PoolProbe&) = delete;

  /// How long the last probe waited or, if it is still waiting, has waited so far. Then sends the
  /// next probe. 0 at first.
  uint64_t Read();

 private:
  PoolProbe() = default;
  static void OnThread(uv_work_t* work);
  static void OnDone(uv_work_t* work, int status);

  uv_loop_t loop_{};
  uv_work_t work_{};
  bool pending_ = false;
  uint64_t sent_ = 0;
  uint64_t waited_ = 0;
  // 0 while the probe waits. The only data that a thread of the pool shares with the owner's
  // thread. Relaxed order is enough: the reader needs only this number, and uv's queue synchronizes
  // all other accesses.
  std::atomic<uint64_t> begun_{0};
};

}  // namespace spillway
