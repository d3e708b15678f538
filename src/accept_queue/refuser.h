#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "accept_queue/lingering_closes.h"

namespace spillway {

/// Answers connections that are refused, and closes them. Times are ns.
class Refuser final {
 public:
  struct Answers {
    /// Complete responses: the first with a Retry-After of one second, the second with two, and so
    /// on. If there is only one response, it is used for every refusal. Each ends in a message of
    /// `message_bytes`, which is left out in response to HEAD.
    std::vector<std::string> texts;
    size_t message_bytes;
  };
  struct Refusal {
    bool is_head;  // the request's method is HEAD
    bool lingers;  // the client may still be sending
    double due_s;  // the mean of Retry-After
  };

  explicit Refuser(Answers answers);

  /// Takes over the descriptor. Returns the Retry-After that was sent, in seconds.
  uint32_t Refuse(uint64_t now, int fd, const Refusal& refusal);
  LingeringCloses& Lingering() { return lingering_closes_; }
  const LingeringCloses& Lingering() const { return lingering_closes_; }

 private:
  const Answers answers_;
  LingeringCloses lingering_closes_;
  std::minstd_rand random_;
};

}  // namespace spillway
