#include "os/accept_queue.h"

#include <algorithm>

#include "os/early_socket.h"

namespace spillway {
namespace {

// A queue that was found empty is not read again for 1 ms, because reading it costs a system call.
constexpr uint64_t kEmptyForNs = 1'000'000;

}  // namespace

AcceptQueue::AcceptQueue(uv_loop_t* loop, int listening_fd)
    : loop_(loop),
      fd_(listening_fd),
      identity_(early_socket::Identity(listening_fd)),
      reader_(listening_fd) {}

bool AcceptQueue::IsSame() const { return early_socket::Identity(fd_) == identity_; }

bool AcceptQueue::Refresh(uint64_t now) {
  if (now == read_at_ || (length_ == 0 && now - read_at_ < kEmptyForNs)) return true;
  // Nothing is known of the time before the first reading.
  const uint64_t since = read_at_ == 0 ? 0 : now - std::min(now, read_at_);
  read_at_ = now;
  const auto length = reader_.Read();
  length_ = length.value_or(0);
  if ((!length || length_ > 0) && !IsSame()) {
    length_ = 0;
    return false;
  }
  if (reader_.IsUnix()) {
    const uint64_t idle = uv_metrics_idle_time(loop_);
    ages_.Read(now, since - std::min(since, idle - idle_), length_);
    idle_ = idle;
  }
  return true;
}

std::shared_ptr<AcceptQueue> AcceptQueues::Of(int listening_fd) {
  queues_.erase(std::remove_if(queues_.begin(), queues_.end(),
                               [](const auto& queue) { return queue.expired(); }),
                queues_.end());
  for (const auto& weak : queues_) {
    auto queue = weak.lock();
    if (queue && queue->Fd() == listening_fd && queue->IsSame()) return queue;
  }
  auto queue = std::make_shared<AcceptQueue>(loop_, listening_fd);
  queues_.push_back(queue);
  return queue;
}

}  // namespace spillway
