#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace spillway {

/// Reads how many complete connections wait for accept() on a listening socket: TCP or Unix.
class AcceptQueueLength final {
 public:
  /// The caller keeps ownership of `listening_fd`, and may close it without notice.
  explicit AcceptQueueLength(int listening_fd);
  // NOLINTNEXTLINE(performance-trivially-destructible): on Linux it closes a descriptor.
  ~AcceptQueueLength();
  AcceptQueueLength(const AcceptQueueLength&) = delete;
  AcceptQueueLength& operator=(const AcceptQueueLength&) = delete;

  /// Empty if the descriptor is not a listening socket, or the system does not tell.
  std::optional<uint32_t> Read();
  bool IsUnix() const { return is_unix_; }

 private:
  std::optional<uint32_t> ReadUnix();

  const int listening_fd_;
  bool is_unix_ = false;
  int netlink_fd_ = -1;  // for a Unix socket, opened when it is first read
};

/// The length of the accept queue in the kernel's answer to a request about the Unix socket of this
/// inode (sock_diag(7)). Empty if the answer says anything else.
std::optional<uint32_t> ParseUnixQueueLength(std::string_view answer, uint32_t inode);

}  // namespace spillway
