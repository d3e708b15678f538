#pragma once

#include <cstddef>
#include <cstdint>

#include "accept_queue/rounds.h"

namespace spillway {

/// Closes connections whose client is still sending although it has been answered. Closing such a
/// connection at once would reset it, which can destroy the answer before the client has read it.
/// Instead their input is dropped until the client closes, for 2 s, or until the descriptor is
/// needed. Owns the descriptors. Times are ns.
class LingeringCloses final {
 public:
  LingeringCloses();
  ~LingeringCloses() { CloseAll(); }
  LingeringCloses(const LingeringCloses&) = delete;
  LingeringCloses& operator=(const LingeringCloses&) = delete;

  size_t Size() const { return entries_.Size(); }

  /// Closes the oldest connection if there is no room.
  void Add(uint64_t now, int fd);
  /// Must be called often. Looks at each connection every 10 ms, and takes a fraction of 1 ms.
  void Sweep(uint64_t now);
  /// Closes some of the oldest connections, because descriptors have run out.
  void GiveUpSome();
  void CloseAll();

 private:
  struct Entry {
    int fd;
    uint64_t until;
  };

  void GiveUp(size_t count);

  Rounds<Entry> entries_;
};

}  // namespace spillway
