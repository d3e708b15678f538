#pragma once

#include <cstdint>
#include <string>

/// TCP ports on which several sockets listen, of one process or of several.
namespace spillway::shared_port {

/// Whether the system distributes new connections among the sockets (SO_REUSEPORT on Linux).
bool Available();

struct Address {
  std::string ip;  // IPv4 or IPv6, in the usual notation
  uint16_t port;   // 0: any free port
  bool ipv6_only;
};

/// Opens a listening socket. Returns its descriptor, which the caller must close, or a negative
/// error of uv: UV_EINVAL if `ip` is not an address.
int Listen(const Address& address, int backlog);

}  // namespace spillway::shared_port
