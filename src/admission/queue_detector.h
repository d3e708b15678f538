#pragma once

#include <cstdint>

namespace spillway {

// Whether a class's responses show that it queues.
class QueueDetector final {
 public:
  // Of fewer responses nothing can be said; they wait for the next window's.
  static constexpr uint32_t kFewest = 4;

  struct Normal {
    double responseNs;  // without a queue
    double variance;    // of single responses, then
    double queueNs;     // a queue shorter than this is none
  };

  void Add(double responseNs) {
    ++count_;
    sum_ += responseNs;
    squares_ += responseNs * responseNs;
  }

  // A window is over. Rates are completions per ns; `inFlight` is now.
  void EndWindow(double elapsedNs, double rate, uint32_t inFlight, const Normal& normal);
  void Drop();

  bool evident() const { return evident_; }
  // Of the responses that were last judged.
  double rate() const { return rate_; }

 private:
  bool Shows(double rate, uint32_t inFlight, const Normal& normal) const;

  uint32_t count_ = 0;
  double elapsed_ = 0;
  double sum_ = 0;
  double squares_ = 0;
  double rate_ = 0;
  bool evident_ = false;
};

}  // namespace spillway
