#include "accept_queue/lingering_closes.h"

#include "os/early_socket.h"

namespace spillway {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// How long a client may take to notice the answer and to close the connection.
constexpr uint64_t kLongestNs = 2000 * kNsPerMs;

// Short enough that an upload does not fill the socket's buffer before its client notices the
// answer.
constexpr uint64_t kSweepEveryNs = 10 * kNsPerMs;

// The time that one sweep may take.
constexpr uint64_t kSweepNs = kNsPerMs / 5;

// The maximum number of open descriptors. Other parts of the process need some too.
constexpr size_t kMost = 1024;

// How many connections GiveUpSome() closes.
constexpr size_t kGivenUp = 16;

}  // namespace

LingeringCloses::LingeringCloses() : entries_({kSweepEveryNs, kSweepNs}) {}

void LingeringCloses::Add(uint64_t now, int fd) {
  if (entries_.Size() >= kMost) GiveUp(1);
  entries_.Add({fd, now + kLongestNs});
}

void LingeringCloses::Sweep(uint64_t now) {
  entries_.Visit(now, [&](const Entry* entry) {
    const bool has_ended = early_socket::Discard(entry->fd) == early_socket::Rest::kEnded;
    if (!has_ended && now < entry->until) return true;
    early_socket::Close(entry->fd);
    return false;
  });
}

void LingeringCloses::GiveUpSome() { GiveUp(kGivenUp); }

void LingeringCloses::CloseAll() { GiveUp(Size()); }

void LingeringCloses::GiveUp(size_t count) {
  for (const Entry& entry : entries_.TakeOldest(count)) early_socket::Close(entry.fd);
}

}  // namespace spillway
