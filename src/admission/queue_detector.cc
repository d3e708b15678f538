#include "admission/queue_detector.h"

#include <algorithm>
#include <cmath>

namespace spillway {

namespace {

// The mean must exceed the normal response time by three standard errors, so that a few slow
// requests of a mixed class do not count as a queue.
constexpr double kStandardErrors = 3;

// Response times reflect the queue at the time when the requests began, and so lag behind a growing
// queue. Therefore a quarter of the required queueing is enough if, by Little's law, the requests
// now in flight will show three times the required queueing.
constexpr double kShown = 0.25;
constexpr double kToBeShown = 3;

}  // namespace

void QueueDetector::EndWindow(double elapsed_ns, double rate, uint32_t in_flight,
                              const Normal& normal) {
  elapsed_ += elapsed_ns;
  if (responses_.Count() < kFewest) return;
  rate_ = responses_.Count() / elapsed_;
  const bool evident = Shows(std::max(rate, rate_), in_flight, normal);
  Drop();
  evident_ = evident;
}

bool QueueDetector::Shows(double rate, uint32_t in_flight, const Normal& normal) const {
  const double mean = responses_.MeanNs();
  const double variance = std::max(responses_.RelativeVariance() * mean * mean, normal.variance);
  const double error = std::sqrt(variance / responses_.Count());
  const double queue = mean - kStandardErrors * error - normal.response_ns;
  if (queue > normal.queue_ns) return true;
  return queue > kShown * normal.queue_ns &&
         in_flight > rate * (normal.response_ns + kToBeShown * normal.queue_ns);
}

void QueueDetector::Drop() {
  evident_ = false;
  responses_ = Sample();
  elapsed_ = 0;
}

}  // namespace spillway
