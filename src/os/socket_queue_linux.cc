#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <ctime>

#include "os/accept_queue_length.h"
#include "os/socket_queue.h"

namespace spillway::socket_queue {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint8_t kTcpListen = 10;  // TCP_LISTEN in the kernel's include/net/tcp_states.h

// An older kernel fills only the first part of the struct, and returns its length.
constexpr socklen_t kThroughLastDataRecv =
    offsetof(tcp_info, tcpi_last_data_recv) + sizeof(tcp_info::tcpi_last_data_recv);

bool ReadTcpInfo(int fd, tcp_info* info, socklen_t* length) {
  *length = sizeof(*info);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) == 0;
}

// On loopback, the connection is normally complete when connect() returns. A firewall may drop it,
// so the wait is short.
constexpr int kPairMs = 1;

/// A TCP socket that is closed at the end of its scope. The descriptor is below 0 if no socket
/// could be created.
class ScopedSocket final {
 public:
  ScopedSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~ScopedSocket() {
    if (fd_ >= 0) (void)close(fd_);
  }
  ScopedSocket(const ScopedSocket&) = delete;
  ScopedSocket& operator=(const ScopedSocket&) = delete;
  int Fd() const { return fd_; }

 private:
  const int fd_;
};

// gVisor reports zeros. On Linux, the age of a socket that has received nothing is the kernel's
// uptime counter (tcp_get_info() in net/ipv4/tcp.c: lrcvtime of a new socket is 0), which is 0
// itself only for one tick in 49 days.
bool TellsReceiveAge() {
  const ScopedSocket unconnected;
  if (unconnected.Fd() < 0)
    return true;  // no descriptor is left, which says nothing about the system
  const auto ages = ReadAges(unconnected.Fd());
  return ages && ages->last_receive > 0;
}

// Also true if the connection for the test could not be made.
bool TellsAcceptQueue() {
  // The client is closed last: that resets its connection, so that nothing is left behind.
  const ScopedSocket client;
  const ScopedSocket listener;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  if (bind(listener.Fd(), name, length) != 0 || listen(listener.Fd(), 1) != 0 ||
      getsockname(listener.Fd(), name, &length) != 0) {
    return true;
  }
  if (connect(client.Fd(), name, length) != 0 && errno != EINPROGRESS) return true;
  pollfd accepting{listener.Fd(), POLLIN, 0};
  if (poll(&accepting, 1, kPairMs) != 1 || (accepting.revents & POLLIN) == 0) return true;
  return AcceptQueueLength(listener.Fd()).Read().value_or(0) > 0;
}

}  // namespace

bool Available() { return TellsReceiveAge() && TellsAcceptQueue(); }

uint64_t TickNs() {
  // tcpi_last_data_recv is jiffies_to_msecs(now - lrcvtime) in net/ipv4/tcp.c, and the coarse
  // clock advances by the same jiffy.
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0)
    return 10 * kNsPerMs;  // the longest tick: HZ=100
  return static_cast<uint64_t>(tick.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(tick.tv_nsec);
}

// tcp_create_openreq_child() in net/ipv4/tcp_minisocks.c sets lsndtime when the handshake is
// complete.
std::optional<Ages> ReadAges(int fd) {
  tcp_info info;
  socklen_t length;
  if (!ReadTcpInfo(fd, &info, &length)) return std::nullopt;
  if (length < kThroughLastDataRecv || info.tcpi_state == kTcpListen) return std::nullopt;
  return Ages{info.tcpi_last_data_recv * kNsPerMs, info.tcpi_last_data_sent * kNsPerMs};
}

}  // namespace spillway::socket_queue
