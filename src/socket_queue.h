#ifndef SPILLWAY_SOCKET_QUEUE_H_
#define SPILLWAY_SOCKET_QUEUE_H_

#include <cstdint>
#include <optional>

/// What the kernel knows of the queues on a process's own TCP sockets.
namespace spillway::socket_queue {

/// True where this system tells how long a socket's last bytes have lain there, and how many
/// connections wait. Finds out by trying, at the cost of some ten system calls: ask once.
bool Available();

/// The step in which that age advances, ns: the kernel's tick. Meaningless where not available.
uint64_t TickNs();

/// Age of the last bytes that came on a connected TCP socket, ns, whether or not they were read
/// since. Empty for anything else: a Unix socket, a bad descriptor, another system.
std::optional<uint64_t> LastReceiveAgeNs(int fd);

/// Connections complete and waiting for accept(). Empty unless `fd` is a listening TCP socket.
std::optional<uint32_t> AcceptQueueLength(int fd);

}  // namespace spillway::socket_queue

#endif  // SPILLWAY_SOCKET_QUEUE_H_
