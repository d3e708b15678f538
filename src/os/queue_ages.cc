#include "os/queue_ages.h"

#include <algorithm>
#include <cstddef>

namespace spillway {
namespace {

// If connections of more readings wait, the newest readings are merged.
constexpr size_t kMostReadings = 256;

// A connection is assumed to have arrived in the middle of its share of the time.
constexpr double kMiddle = 0.5;

}  // namespace

void QueueAges::Read(uint64_t now, uint64_t busy, uint32_t length) {
  // A queue shorter than expected: clients have left, or another process accepts connections too.
  while (waiting_ > length) Accepted(now);
  const uint32_t came = length - waiting_;
  if (came > 0 && arrivals_.size() < kMostReadings) {
    arrivals_.push_back({now - std::min(now, busy), now, came, 0});
  } else if (came > 0) {
    arrivals_.back().until = now;
    arrivals_.back().count += came;
  }
  waiting_ = length;
}

uint64_t QueueAges::Accepted(uint64_t now) {
  if (arrivals_.empty()) return 0;
  Arrivals& oldest = arrivals_.front();
  const double part = (oldest.accepted + kMiddle) / oldest.count;
  const double since = part * static_cast<double>(oldest.until - oldest.from);
  const uint64_t arrived_at = oldest.from + static_cast<uint64_t>(since);
  --waiting_;
  if (++oldest.accepted == oldest.count) arrivals_.pop_front();
  return now - std::min(now, arrived_at);
}

}  // namespace spillway
