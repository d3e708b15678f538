#pragma once

#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace spillway {

/// How long work waits for a thread of libuv's pool (file system, DNS, zlib, crypto), by one piece
/// of work at a time that does nothing. ns.
///
/// It belongs to a loop of its own, because on Node's it would keep the process alive for as long
/// as the pool is blocked. To be made, read and destroyed by one thread.
class PoolProbe final {
 public:
  /// Null if uv refuses the loop, as it does where no descriptor is free.
  static std::unique_ptr<PoolProbe> New();
  /// Takes back what waits still; no thread of the pool knows this object afterwards.
  ~PoolProbe();
  PoolProbe(const PoolProbe&) = delete;
  PoolProbe& operator=(const PoolProbe&) = delete;

  /// What the last probe waited or, where it still waits, has waited so far. Sends the next one. 0
  /// at first.
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
  // 0: it waits. All that a thread of the pool shares with the owner's; relaxed, because whoever
  // reads it wants this number alone, and uv's queue orders it with what comes before and after.
  std::atomic<uint64_t> begun_{0};
};

}  // namespace spillway
