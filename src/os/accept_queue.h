#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "os/accept_queue_length.h"
#include "os/queue_ages.h"

namespace spillway {

/// The accept queue of one listening socket. Times are ns.
class AcceptQueue final {
 public:
  /// `loop` accepts the connections. The caller keeps ownership of `listening_fd`, and may close it
  /// without notice.
  AcceptQueue(uv_loop_t* loop, int listening_fd);

  int Fd() const { return fd_; }
  /// Whether the descriptor still belongs to the same socket. Only JavaScript, in this thread,
  /// closes the socket, so the result holds until JavaScript runs.
  bool IsSame() const;

  /// Must be called at the end of each turn. Reads the length, unless the queue was found empty a
  /// moment ago. Returns false if the socket is gone.
  bool Refresh(uint64_t now);
  /// How many connections waited at the last reading; 0 if that is unknown.
  uint32_t Length() const { return length_; }
  bool IsUnix() const { return reader_.IsUnix(); }
  /// Whether the system reports the length. Reads it.
  bool IsKnown() { return reader_.Read().has_value(); }
  /// Must be called for each connection that is accepted from a Unix socket. Returns an estimate of
  /// how long it had waited, which is 0 if it has arrived since the last reading.
  uint64_t Accepted(uint64_t now) { return ages_.Accepted(now); }

 private:
  uv_loop_t* const loop_;
  const int fd_;
  const uint64_t identity_;
  AcceptQueueLength reader_;
  QueueAges ages_;
  uint32_t length_ = 0;
  uint64_t read_at_ = 0;
  uint64_t idle_ = 0;  // the loop's idle time at the last reading
};

/// The accept queues of one thread that are in use.
class AcceptQueues final {
 public:
  explicit AcceptQueues(uv_loop_t* loop) : loop_(loop) {}

  /// The queue of a listening socket: the same one for all users.
  std::shared_ptr<AcceptQueue> Of(int listening_fd);

 private:
  uv_loop_t* const loop_;
  std::vector<std::weak_ptr<AcceptQueue>> queues_;
};

}  // namespace spillway
