#include "os/accept_queue_length.h"

namespace spillway {

AcceptQueueLength::~AcceptQueueLength() = default;
std::optional<uint32_t> AcceptQueueLength::Read() { return std::nullopt; }

}  // namespace spillway
