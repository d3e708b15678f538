#pragma once

#include <cstdint>
#include <optional>

namespace spillway::run_queue {

/// How long the calling thread, ready to run, has waited for a processor since it began, ns:
/// because others had it, or because its container had used up its share. Empty where nothing
/// tells.
std::optional<uint64_t> WaitedNs();

}  // namespace spillway::run_queue
