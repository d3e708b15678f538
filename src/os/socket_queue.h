#pragma once

#include <cstdint>
#include <optional>

/// What the kernel knows of the queues on a process's own TCP sockets.
namespace spillway::socket_queue {

/// Whether this system reports how long a socket's last bytes have waited, and how many connections
/// wait. This takes about ten system calls, so call it once.
bool Available();

/// The resolution of these ages, ns: the kernel's tick. Meaningless if not available.
uint64_t TickNs();

/// Ages on a connected TCP socket, ns.
struct Ages {
  /// Age of the last bytes that arrived, whether or not they have been read since.
  uint64_t last_receive;
  /// Age of the last bytes sent or, if none were, of the connection, since the end of the
  /// handshake.
  uint64_t last_send;
};

/// Empty for anything but a connected TCP socket, for example a Unix socket or a bad descriptor,
/// and on other systems.
std::optional<Ages> ReadAges(int fd);

}  // namespace spillway::socket_queue
