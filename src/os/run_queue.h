#pragma once

#include <cstdint>
#include <optional>

namespace spillway::run_queue {

/// How long the calling thread, while ready to run, has waited for a processor since it began, ns:
/// because other threads had it, or because its container had used up its share. Empty if the
/// system does not report it.
std::optional<uint64_t> WaitedNs();

}  // namespace spillway::run_queue
