#pragma once

#include <cstdint>
#include <optional>

namespace spillway::run_queue {

/// The total time, ns, for which the calling thread was ready to run but had no processor, because
/// other threads were running or its container had used up its share. Empty if the system does not
/// report it.
std::optional<uint64_t> WaitedNs();

}  // namespace spillway::run_queue
