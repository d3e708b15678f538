#pragma once

#include <uv.h>

#include <cstdint>

#ifdef _WIN32
#include <windows.h>
#else
#include <ctime>
#endif

namespace spillway {

/// Processor time of the calling thread, ns. Costs a system call. If the system does not report it,
/// this is uv_hrtime(), as if the thread were always running.
inline uint64_t ThreadCpuNs() {
#ifdef _WIN32
  FILETIME created, exited, kernel, user;
  if (!GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user)) return uv_hrtime();
  const auto ticks = [](const FILETIME& time) {
    return (static_cast<uint64_t>(time.dwHighDateTime) << 32) | time.dwLowDateTime;
  };
  return (ticks(kernel) + ticks(user)) * 100;  // a FILETIME counts 100 ns
#else
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return uv_hrtime();
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#endif
}

/// The monotonic clock at the last tick of the system, ns: at most 10 ms behind uv_hrtime(), at a
/// fraction of its cost. On systems without such a clock, this is uv_hrtime().
inline uint64_t CoarseNowNs() {
#ifdef CLOCK_MONOTONIC_COARSE
  timespec time{};
  if (clock_gettime(CLOCK_MONOTONIC_COARSE, &time) != 0) return uv_hrtime();
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#else
  return uv_hrtime();
#endif
}

}  // namespace spillway
