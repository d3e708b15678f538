#pragma once

#include <cstdint>

namespace spillway {

// Whether a class's responses show that it queues.
class QueueDetector final {
 public:
  // Of fewer responses nothing can be said; they wait for the next window's.
  static constexpr uint32_t kFewest = 4;

  struct Normal {
    double response_ns;  // without a queue
    double variance;     // of single responses, then
    double queue_ns;     // a queue shorter than this is none
  };

  void Add(double response_ns) {
    ++count_;
    sum_ += response_ns;
    squares_ += response_ns * response_ns;
  }

  // A window is over. Rates are completions per ns; `inFlight` is now.
  void EndWindow(double elapsed_ns, double rate, uint32_t in_flight, const Normal& normal);
  void Drop();

  bool Evident() const { return evident_; }
  // Of the responses that were last judged.
  double Rate() const { return rate_; }

 private:
  bool Shows(double rate, uint32_t in_flight, const Normal& normal) const;

  uint32_t count_ = 0;
  double elapsed_ = 0;
  double sum_ = 0;
  double squares_ = 0;
  double rate_ = 0;
  bool evident_ = false;
};

}  // namespace spillway
