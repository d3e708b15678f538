#include "loop/turn_window.h"

#include <algorithm>

namespace spillway {
namespace {

constexpr double kOneInHundred = 0.01;

}  // namespace

void TurnWindow::OnTurn(uint64_t busy) {
  Add(busy - std::min(busy, counted_));
  counted_ = 0;
}

TurnWindow::Delay TurnWindow::Take(uint64_t now, uint64_t running) {
  Add(running - std::min(running, counted_));
  counted_ = running;
  Delay delay{0, 0, static_cast<double>(max_)};
  if (now > begin_) {
    const auto elapsed = static_cast<double>(now - begin_);
    delay.mean = squares_ / 2 / elapsed;
    delay.p99 = Percentile99(elapsed);
  }
  buckets_.fill({});
  begin_ = now;
  squares_ = 0;
  max_ = 0;
  return delay;
}

int TurnWindow::BucketOf(uint64_t busy) {
  int octave = 0;
  for (uint64_t rest = busy; rest >= (2 << kPerOctaveBits); rest >>= 1) octave++;
  return (octave << kPerOctaveBits) + static_cast<int>(busy >> octave);
}

void TurnWindow::Add(uint64_t busy) {
  if (busy == 0) return;
  Bucket& bucket = buckets_[BucketOf(busy)];
  bucket.count += 1;
  bucket.sum += static_cast<double>(busy);
  squares_ += static_cast<double>(busy) * static_cast<double>(busy);
  max_ = std::max(max_, busy);
}

// The fraction of all moments at which an arrival waits longer than x is sum(max(0, busy - x)) /
// elapsed. The sum of (busy - x) over any set of turns is at most that sum, and equal to it for the
// set of turns longer than x. So the 99th percentile is the largest x, over all sets of the longest
// turns, for which the sum of (busy - x) is 1 % of the elapsed time.
double TurnWindow::Percentile99(double elapsed) const {
  double count = 0;
  double sum = 0;
  double delay = 0;
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
    if (bucket->count == 0) continue;
    count += bucket->count;
    sum += bucket->sum;
    delay = std::max(delay, (sum - kOneInHundred * elapsed) / count);
  }
  return delay;
}

}  // namespace spillway
