#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "os/accept_queue_length.h"

namespace spillway {
namespace {

constexpr uint8_t kListening = 10;  // TCP_LISTEN in the kernel's include/net/tcp_states.h

// An older kernel fills only the first part of the struct, and returns its length.
constexpr socklen_t kThroughUnacked =
    offsetof(tcp_info, tcpi_unacked) + sizeof(tcp_info::tcpi_unacked);

// A request for one socket gets one message, of a few hundred bytes at most.
constexpr size_t kMostAnswerBytes = 1024;

struct Request {
  nlmsghdr header;
  unix_diag_req body;
};

/// Copies a struct from the beginning of `bytes`. Empty if they are too few.
template <typename T>
std::optional<T> Copy(std::string_view bytes) {
  T value;
  if (bytes.size() < sizeof(value)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

std::string_view From(std::string_view bytes, size_t offset) {
  return offset < bytes.size() ? bytes.substr(offset) : std::string_view();
}

bool IsUnixSocket(int fd) {
  int domain = 0;
  socklen_t length = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX;
}

}  // namespace

AcceptQueueLength::AcceptQueueLength(int listening_fd) : listening_fd_(listening_fd) {
  is_unix_ = IsUnixSocket(listening_fd);
}

AcceptQueueLength::~AcceptQueueLength() {
  if (netlink_fd_ >= 0) (void)close(netlink_fd_);
}

// For a listening TCP socket, tcpi_unacked is sk_ack_backlog (tcp_get_info() in net/ipv4/tcp.c).
std::optional<uint32_t> AcceptQueueLength::Read() {
  if (is_unix_) return ReadUnix();
  tcp_info info{};
  socklen_t length = sizeof(info);
  if (getsockopt(listening_fd_, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  if (length < kThroughUnacked || info.tcpi_state != kListening) return std::nullopt;
  return info.tcpi_unacked;
}

std::optional<uint32_t> AcceptQueueLength::ReadUnix() {
  struct stat status {};
  if (fstat(listening_fd_, &status) != 0) return std::nullopt;
  if (netlink_fd_ < 0) {
    netlink_fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (netlink_fd_ < 0) return std::nullopt;
  }
  Request request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_ino = static_cast<uint32_t>(status.st_ino);
  request.body.udiag_show = UDIAG_SHOW_RQLEN;
  request.body.udiag_cookie[0] = request.body.udiag_cookie[1] = ~0U;  // any cookie
  if (send(netlink_fd_, &request, sizeof(request), 0) < 0) return std::nullopt;
  // The kernel answers before send() returns.
  char answer[kMostAnswerBytes];
  const ssize_t length = recv(netlink_fd_, answer, sizeof(answer), 0);
  if (length < 0) return std::nullopt;
  return ParseUnixQueueLength({answer, static_cast<size_t>(length)}, request.body.udiag_ino);
}

std::optional<uint32_t> ParseUnixQueueLength(std::string_view answer, uint32_t inode) {
  const auto header = Copy<nlmsghdr>(answer);
  if (!header || header->nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  if (header->nlmsg_len > answer.size()) return std::nullopt;
  answer = answer.substr(0, header->nlmsg_len);
  const auto message = Copy<unix_diag_msg>(From(answer, NLMSG_HDRLEN));
  if (!message || message->udiag_state != kListening || message->udiag_ino != inode)
    return std::nullopt;
  // Attributes follow, each aligned to NLA_ALIGNTO bytes.
  std::string_view rest = From(answer, NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(unix_diag_msg)));
  while (const auto attribute = Copy<nlattr>(rest)) {
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > rest.size()) return std::nullopt;
    if ((attribute->nla_type & NLA_TYPE_MASK) == UNIX_DIAG_RQLEN) {
      const auto lengths =
          Copy<unix_diag_rqlen>(From(rest.substr(0, attribute->nla_len), NLA_HDRLEN));
      if (!lengths) return std::nullopt;
      return lengths->udiag_rqueue;
    }
    rest = From(rest, NLA_ALIGN(attribute->nla_len));
  }
  return std::nullopt;
}

}  // namespace spillway
