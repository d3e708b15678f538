#include "os/accept_queue_length.h"

namespace spillway {

AcceptQueueLength::AcceptQueueLength(int listening_fd) : listening_fd_(listening_fd) {}

AcceptQueueLength::~AcceptQueueLength() = default;

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): it is not static on Linux.
std::optional<uint32_t> AcceptQueueLength::Read() { return std::nullopt; }

}  // namespace spillway
