#pragma once

#include <cstdint>
#include <deque>

namespace spillway {

/// Estimates how long the connections of an accept queue have waited, from the queue's lengths. The
/// kernel does not report it for Unix sockets. A queue is first in, first out, so the connection
/// that is accepted next is the oldest that has arrived. Pure; times are ns.
class QueueAges final {
 public:
  /// The queue has this length now. The connections that have arrived since the last reading are
  /// assumed to have arrived evenly while the loop was busy, for `busy` in total. A loop that
  /// sleeps wakes as soon as one arrives.
  void Read(uint64_t now, uint64_t busy, uint32_t length);
  /// A connection was accepted. Returns how long it had waited; 0 if it has arrived since the last
  /// reading.
  uint64_t Accepted(uint64_t now);

 private:
  /// Connections that have arrived between two readings, and wait.
  struct Arrivals {
    uint64_t from;
    uint64_t until;
    uint32_t count;
    uint32_t accepted;  // of `count`
  };

  std::deque<Arrivals> arrivals_;  // the oldest first
  uint32_t waiting_ = 0;           // as many as `arrivals_` holds
};

}  // namespace spillway
