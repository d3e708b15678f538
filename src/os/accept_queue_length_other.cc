#include "os/accept_queue_length.h"

namespace spillway {

AcceptQueueLength::AcceptQueueLength(int listening_fd)
    : listening_fd_(listening_fd), is_unix_(false) {}

AcceptQueueLength::~AcceptQueueLength() = default;
std::optional<uint32_t> AcceptQueueLength::Read() { return std::nullopt; }

}  // namespace spillway
