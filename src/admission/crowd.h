#pragma once

#include <cstdint>

#include "admission/class_limit.h"
#include "admission/queue_detector.h"

namespace spillway {

/// Judges together the classes that complete too few requests to be judged alone. A hundred of them
/// may share one connection pool, and one request in flight for each would be many more than the
/// pool can serve in time. Their response times are compared with the no-load response times of
/// their classes. If, together, they show a queue, the classes that show it become members, and one
/// limit applies to all members together.
class Crowd final {
 public:
  /// Whether the class completes too few requests in a window to be judged alone.
  static bool Small(const ClassLimit& limit, double window_ns) {
    return limit.Rate() * window_ns < QueueDetector::kFewest;
  }

  /// A request of a small class that is not a member was completed, `queue_ns` above its no-load
  /// response time.
  void Saw(double queue_ns) { detector_.Add(response_ + queue_ns); }

  /// Sums over the small classes that are not members, for one window.
  struct Free {
    int classes = 0;
    uint32_t in_flight = 0;
    double rate = 0;       // per ns
    double responses = 0;  // sum of R times the rate
    double variances = 0;  // sum of the variance of single responses times the rate

    void Add(const ClassLimit& limit);
  };
  void EndWindow(const ClassLimit::Window& window, const Free& free,
                 const ClassLimit::Setting& setting);

  bool Evident() const { return detector_.Evident(); }
  void ResetDetector() { detector_.Drop(); }
  uint32_t InFlight() const { return limit_.Enforcing() ? limit_.InFlight() : free_in_flight_; }

  /// Whether a small class becomes a member: it queues like the others, or too little is known
  /// about it.
  static bool Takes(const ClassLimit& limit, const ClassLimit::Setting& setting) {
    return !limit.Enforcing() && (!limit.Known() || limit.Queues(setting));
  }
  /// The member brings its requests in flight, its throughput and its R.
  void Join(uint64_t now, const ClassLimit& member, const ClassLimit::Setting& setting);
  void Dissolve() { limit_ = ClassLimit(); }

  bool Enforcing() const { return limit_.Enforcing(); }
  ClassLimit& Limit() { return limit_; }
  const ClassLimit& Limit() const { return limit_; }

 private:
  ClassLimit limit_;
  QueueDetector detector_;
  uint32_t free_in_flight_ = 0;
  double response_ = 0;  // mean no-load response time, weighted by rate, ns
};

}  // namespace spillway
