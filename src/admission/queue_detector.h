#pragma once

#include <cstdint>

#include "concurrency/sample.h"

namespace spillway {

/// Finds out from response times whether a class of requests queues. Times are ns.
class QueueDetector final {
 public:
  /// Fewer responses than this are kept for the next window.
  static constexpr uint32_t kFewest = 4;

  /// What is normal for the class.
  struct Normal {
    double response_ns;  // the no-load response time
    double variance;     // of single responses, without a queue
    double queue_ns;     // less queueing than this is not a queue
  };

  void Add(double response_ns) { responses_.Add(response_ns); }

  /// A window has ended. `rate`: completions per ns. `in_flight`: at present.
  void EndWindow(double elapsed_ns, double rate, uint32_t in_flight, const Normal& normal);
  void Drop();

  bool Evident() const { return evident_; }
  /// Completions per ns, of the responses that were last judged.
  double Rate() const { return rate_; }

 private:
  bool Shows(double rate, uint32_t in_flight, const Normal& normal) const;

  Sample responses_;
  double elapsed_ = 0;
  double rate_ = 0;
  bool evident_ = false;
};

}  // namespace spillway
