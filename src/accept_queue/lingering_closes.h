#pragma once

#include <cstddef>
#include <cstdint>

#include "accept_queue/rounds.h"

namespace spillway {

/// Connections that have had their answer while the client still sends: to close them would reset
/// them, and that can destroy the answer before the client has read it. Their input is dropped
/// until the client closes, for 2 s, or until the room is needed. Owns their descriptors.
class LingeringCloses final {
 public:
  LingeringCloses();
  ~LingeringCloses() { CloseAll(); }
  LingeringCloses(const LingeringCloses&) = delete;
  LingeringCloses& operator=(const LingeringCloses&) = delete;

  size_t Size() const { return entries_.Size(); }

  /// Gives up the oldest where there is no room.
  void Add(uint64_t now, int fd);
  /// To be called often; looks at each every few ms, and takes a fraction of one.
  void Sweep(uint64_t now);
  /// Gives up some of the oldest, because descriptors ran out.
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
