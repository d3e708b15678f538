#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <ctime>

#include "socket_queue.h"

namespace spillway::socket_queue {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint8_t kTcpListen = 10;  // TCP_LISTEN in the kernel's include/net/tcp_states.h

// An older kernel fills a prefix of the struct, and says how long a one.
constexpr socklen_t kThroughLastDataRecv =
    offsetof(tcp_info, tcpi_last_data_recv) + sizeof(tcp_info::tcpi_last_data_recv);
constexpr socklen_t kThroughUnacked =
    offsetof(tcp_info, tcpi_unacked) + sizeof(tcp_info::tcpi_unacked);

bool ReadTcpInfo(int fd, tcp_info* info, socklen_t* length) {
  *length = sizeof(*info);
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) == 0;
}

}  // namespace

bool Available() { return true; }

uint64_t TickNs() {
  // tcpi_last_data_recv is jiffies_to_msecs(now - lrcvtime) in net/ipv4/tcp.c, and the coarse
  // clock advances by the same jiffy.
  timespec tick{};
  if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0)
    return 10 * kNsPerMs;  // the longest: HZ=100
  return static_cast<uint64_t>(tick.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(tick.tv_nsec);
}

// tcp_create_openreq_child() in net/ipv4/tcp_minisocks.c sets lsndtime when the handshake is complete.
std::optional<Ages> ReadAges(int fd) {
  tcp_info info;
  socklen_t length;
  if (!ReadTcpInfo(fd, &info, &length)) return std::nullopt;
  if (length < kThroughLastDataRecv || info.tcpi_state == kTcpListen) return std::nullopt;
  return Ages{info.tcpi_last_data_recv * kNsPerMs, info.tcpi_last_data_sent * kNsPerMs};
}

std::optional<uint32_t> AcceptQueueLength(int fd) {
  tcp_info info;
  socklen_t length;
  if (!ReadTcpInfo(fd, &info, &length)) return std::nullopt;
  if (length < kThroughUnacked || info.tcpi_state != kTcpListen) return std::nullopt;
  return info.tcpi_unacked;  // of a listening socket, sk_ack_backlog
}

}  // namespace spillway::socket_queue
