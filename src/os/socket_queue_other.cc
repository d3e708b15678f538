#include "os/socket_queue.h"

namespace spillway::socket_queue {

bool Available() { return false; }
uint64_t TickNs() { return 0; }
std::optional<Ages> ReadAges(int /*fd*/) { return std::nullopt; }

}  // namespace spillway::socket_queue
