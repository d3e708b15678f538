#ifndef SPILLWAY_POOL_PROBE_H_
#define SPILLWAY_POOL_PROBE_H_

#include <node_api.h>
#include <uv.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace spillway {

/// How long work waits for a thread of libuv's pool (file system, DNS, zlib, crypto), by one piece
/// of work at a time that does nothing. ns.
///
/// It belongs to a loop of its own, because on Node's it would keep the process alive for as long
/// as the pool is blocked.
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
  std::atomic<uint64_t> begun_{0};  // 0: it waits
};

/// createPoolProbe() -> a function () -> ms, see Read(); or undefined.
napi_value CreatePoolProbe(napi_env env, napi_callback_info info);

}  // namespace spillway

#endif  // SPILLWAY_POOL_PROBE_H_
