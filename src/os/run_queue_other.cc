#include "os/run_queue.h"

namespace spillway::run_queue {

std::optional<uint64_t> WaitedNs() { return std::nullopt; }

}  // namespace spillway::run_queue
