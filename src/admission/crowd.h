#pragma once

#include <cstdint>

#include "admission/class_limit.h"
#include "admission/queue_detector.h"

namespace spillway {

// Classes that complete too little to be judged alone, judged together: a hundred of them may share
// one pool, and a place for each would be many times what the pool can serve in time. When their
// responses, each beside what is normal for its own class, show a queue, those that show it become
// members, and one limit holds for all members together.
class Crowd final {
 public:
  // Fewer completions in a window say nothing of a class.
  static bool Small(const ClassLimit& limit, double window_ns) {
    return limit.Rate() * window_ns < QueueDetector::kFewest;
  }

  // One of a small class that is no member was completed, so much above what is normal.
  void Saw(double queue_ns) { detector_.Add(response_ + queue_ns); }

  // What is known of the small classes that are not members: their sum, over one window.
  struct Free {
    int classes = 0;
    uint32_t in_flight = 0;
    double rate = 0;       // per ns
    double responses = 0;  // R times the rate
    double variances = 0;  // of single responses, times the rate

    void Add(const ClassLimit& limit);
  };
  void EndWindow(const ClassLimit::Window& window, const Free& free,
                 const ClassLimit::Setting& setting);

  bool Evident() const { return detector_.Evident(); }
  void ResetDetector() { detector_.Drop(); }
  uint32_t InFlight() const { return limit_.Enforcing() ? limit_.InFlight() : free_in_flight_; }

  // Whether a small class is to become a member: it queues like the others, or nothing is known of
  // it yet.
  static bool Takes(const ClassLimit& limit, const ClassLimit::Setting& setting) {
    return !limit.Enforcing() && (!limit.Known() || limit.Queues(setting));
  }
  // It brings its requests in flight, what it completes, and R.
  void Join(const ClassLimit& member, const ClassLimit::Setting& setting);
  void Dissolve() { limit_ = ClassLimit(); }

  bool Enforcing() const { return limit_.Enforcing(); }
  ClassLimit& Limit() { return limit_; }
  const ClassLimit& Limit() const { return limit_; }

 private:
  ClassLimit limit_;
  QueueDetector detector_;
  uint32_t free_in_flight_ = 0;
  double response_ = 0;  // what is normal, on average
};

}  // namespace spillway
