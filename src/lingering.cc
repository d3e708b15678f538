#include "lingering.h"

#include <uv.h>

#include <algorithm>

#include "early_socket.h"

namespace spillway {
namespace {

constexpr uint64_t kNsPerMs = 1'000'000;

// As long as a client has to notice the answer and close.
constexpr uint64_t kLongestNs = 2000 * kNsPerMs;

// An upload fills a socket's buffer no faster than a client can be expected to notice an answer.
constexpr uint64_t kSweepEveryNs = 10 * kNsPerMs;

constexpr uint64_t kSweepNs = kNsPerMs / 5;

// The clock is read once in so many.
constexpr size_t kClockEvery = 16;

constexpr size_t kGivenUp = 16;

}  // namespace

void Lingering::Add(uint64_t now, int fd) { entries_.push_back({fd, now + kLongestNs}); }

void Lingering::Sweep(uint64_t now) {
  if (entries_.empty() || (next_ == 0 && now - swept_at_ < kSweepEveryNs)) return;
  if (next_ == 0) swept_at_ = now;
  const uint64_t begun = uv_hrtime();
  size_t kept = next_;
  size_t i = next_;
  bool in_time = true;
  for (; i < entries_.size() && in_time; ++i) {
    const Entry entry = entries_[i];
    const bool ended = early_socket::Discard(entry.fd) == early_socket::Rest::kEnded;
    if (ended || now >= entry.until) {
      early_socket::Close(entry.fd);
    } else {
      entries_[kept++] = entry;
    }
    if (i % kClockEvery == 0) in_time = uv_hrtime() - begun < kSweepNs;
  }
  const bool finished = i == entries_.size();
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept),
                 entries_.begin() + static_cast<std::ptrdiff_t>(i));
  next_ = finished ? 0 : kept;
}

void Lingering::GiveUpSome() {
  const size_t count = std::min(kGivenUp, entries_.size());
  for (size_t i = 0; i < count; ++i) early_socket::Close(entries_[i].fd);
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
  next_ = 0;
}

void Lingering::CloseAll() {
  for (const Entry& entry : entries_) early_socket::Close(entry.fd);
  entries_.clear();
  next_ = 0;
}

}  // namespace spillway
