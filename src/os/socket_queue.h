#pragma once

#include <cstdint>
#include <optional>

/// What the kernel knows of the queues on a process's own TCP sockets.
namespace spillway::socket_queue {

/// True where this system tells how long a socket's last bytes have lain there, and how many
/// connections wait. Finds out by trying, at the cost of some ten system calls: ask once.
bool Available();

/// The step in which that age advances, ns: the kernel's tick. Meaningless where not available.
uint64_t TickNs();

/// Of a connected TCP socket, ns.
struct Ages {
  /// Of the last bytes that came, whether or not they were read since.
  uint64_t last_receive;
  /// Of the connection, from the end of the handshake on; or of the last bytes sent on it.
  uint64_t last_send;
};

/// Empty for anything else: a Unix socket, a bad descriptor, another system.
std::optional<Ages> ReadAges(int fd);

/// Connections complete and waiting for accept(). Empty unless `fd` is a listening TCP socket.
std::optional<uint32_t> AcceptQueueLength(int fd);

}  // namespace spillway::socket_queue
