#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "os/early_socket.h"

namespace spillway::early_socket {
namespace {

// More than a socket's buffer can hold.
constexpr size_t kEverything = size_t{1} << 30;

// A Unix socket's buffer holds less than this many times the scratch buffer.
constexpr int kMostReads = 256;
constexpr size_t kScratchBytes = 4096;

bool MayTryAgain() { return errno == EAGAIN || errno == EINTR; }

ssize_t DropFromUnixSocket(int fd) {
  char scratch[kScratchBytes];
  ssize_t length = 0;
  for (int reads = 0; reads < kMostReads; ++reads) {
    length = recv(fd, scratch, sizeof(scratch), MSG_DONTWAIT);
    if (length < static_cast<ssize_t>(sizeof(scratch))) break;
  }
  return length;
}

}  // namespace

bool Available() { return true; }

uint64_t Identity(int fd) {
  uint64_t cookie = 0;
  socklen_t length = sizeof(cookie);
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0 ? cookie : 0;
}

int Accept(int listening_fd, sockaddr_storage* peer) {
  for (;;) {
    socklen_t size = sizeof(*peer);
    const int fd = accept4(listening_fd, reinterpret_cast<sockaddr*>(peer), peer ? &size : nullptr,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return fd;
    switch (errno) {
      case EINTR:
      case ECONNABORTED:  // the connection is already gone
        continue;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        return kFull;
      default:
        return kNone;
    }
  }
}

std::optional<std::string_view> Peek(int fd, char* buffer, size_t size) {
  const ssize_t length = recv(fd, buffer, size, MSG_PEEK | MSG_DONTWAIT);
  if (length > 0) return std::string_view(buffer, static_cast<size_t>(length));
  if (length < 0 && MayTryAgain()) return std::string_view();
  return std::nullopt;
}

std::optional<size_t> Unread(int fd) {
  int count = 0;
  if (ioctl(fd, FIONREAD, &count) != 0 || count < 0) return std::nullopt;
  return static_cast<size_t>(count);
}

// On TCP, MSG_TRUNC drops the bytes instead of copying them (tcp(7)). A Unix socket would copy
// them.
Rest Discard(int fd) {
  ssize_t length = recv(fd, nullptr, kEverything, MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0 && errno == EFAULT) length = DropFromUnixSocket(fd);
  if (length > 0) return Rest::kMayCome;
  return length < 0 && MayTryAgain() ? Rest::kMayCome : Rest::kEnded;
}

// MSG_MORE holds the bytes back until the connection is closed, which follows at once. The bytes
// and the end then travel in one segment instead of two, and wake the client once.
void Answer(int fd, std::string_view bytes) {
  (void)send(fd, bytes.data(), bytes.size(), MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT);
}

void EndAnswer(int fd) { (void)shutdown(fd, SHUT_WR); }

void Close(int fd) { (void)close(fd); }

}  // namespace spillway::early_socket
