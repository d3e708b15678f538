#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "os/run_queue.h"

namespace spillway::run_queue {

std::optional<uint64_t> WaitedNs() {
  const int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  // Three numbers (Documentation/scheduler/sched-stats.rst in the kernel's source): time on a
  // processor, time on a run queue, and time slices.
  char text[64];
  const ssize_t length = read(fd, text, sizeof(text) - 1);
  (void)close(fd);
  if (length <= 0) return std::nullopt;
  text[length] = '\0';
  char* after_first = nullptr;
  char* after_second = nullptr;
  (void)std::strtoull(text, &after_first, 10);
  const uint64_t waited = std::strtoull(after_first, &after_second, 10);
  if (after_second == after_first) return std::nullopt;
  return waited;
}

}  // namespace spillway::run_queue
