#ifndef SPILLWAY_THREAD_CLOCK_H_
#define SPILLWAY_THREAD_CLOCK_H_

#include <uv.h>

#include <cstdint>

#ifdef _WIN32
#include <windows.h>
#else
#include <ctime>
#endif

namespace spillway {

/// Processor time of the calling thread, ns. Costs a system call. Where the system will not tell,
/// the wall clock: the thread then counts as always at work.
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

}  // namespace spillway

#endif  // SPILLWAY_THREAD_CLOCK_H_
