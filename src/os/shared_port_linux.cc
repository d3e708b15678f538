#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <cerrno>

#include "os/shared_port.h"

namespace spillway::shared_port {
namespace {

/// A socket address of either family.
struct Name {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Name NameOf(const Address& address) {
  Name name;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&name.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&name.storage);
  if (uv_ip4_addr(address.ip.c_str(), address.port, v4) == 0) {
    name.length = sizeof(*v4);
  } else if (uv_ip6_addr(address.ip.c_str(), address.port, v6) == 0) {
    name.length = sizeof(*v6);
  }
  return name;
}

bool Set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool Prepare(int fd, const Address& address, const Name& name) {
  if (name.storage.ss_family == AF_INET6 &&
      !Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, address.ipv6_only ? 1 : 0)) {
    return false;
  }
  return Set(fd, SOL_SOCKET, SO_REUSEADDR, 1) && Set(fd, SOL_SOCKET, SO_REUSEPORT, 1) &&
         bind(fd, reinterpret_cast<const sockaddr*>(&name.storage), name.length) == 0;
}

}  // namespace

bool Available() { return true; }

int Listen(const Address& address, int backlog) {
  const Name name = NameOf(address);
  if (name.length == 0) return UV_EINVAL;
  const int fd = socket(name.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return uv_translate_sys_error(errno);
  if (Prepare(fd, address, name) && listen(fd, backlog) == 0) return fd;
  const int error = uv_translate_sys_error(errno);
  (void)close(fd);
  return error;
}

}  // namespace spillway::shared_port
