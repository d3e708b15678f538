#include "socket_queue.h"

namespace spillway {
namespace socket_queue {

bool Available() { return false; }
uint64_t TickNs() { return 0; }
std::optional<uint64_t> LastReceiveAgeNs(int) { return std::nullopt; }
std::optional<AcceptQueue> ReadAcceptQueue(int) { return std::nullopt; }

}  // namespace socket_queue
}  // namespace spillway
