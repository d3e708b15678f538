#pragma once

#include <cstdint>

namespace spillway {

// A moment in which a class is held below what it needs, so that a shared queue drains and its
// response time without one can be seen. Only requests that began after the drain count.
class Probe final {
 public:
  // Enough to level a class's noise, few enough to be over soon.
  static constexpr uint32_t kResponses = 8;
  static constexpr uint32_t kFewest = 2;

  void Begin(uint64_t now) {
    running_ = true;
    begun_ = now;
    measure_from_ = UINT64_MAX;
    count_ = 0;
    sum_ = 0;
  }
  void Drained(uint64_t now) { measure_from_ = now; }
  void End() { running_ = false; }

  // True when the measure is complete.
  bool Add(uint64_t start, double response_ns) {
    if (!running_ || start < measure_from_) return false;
    sum_ += response_ns;
    return ++count_ == kResponses;
  }

  // So few have come for so long that they must do.
  bool Late(uint64_t now, double after_ns) const {
    return running_ && count_ >= kFewest && static_cast<double>(now - begun_) > after_ns;
  }

  bool Running() const { return running_; }
  double ResponseNs() const { return sum_ / count_; }

 private:
  bool running_ = false;
  uint64_t begun_ = 0;
  uint64_t measure_from_ = 0;
  uint32_t count_ = 0;
  double sum_ = 0;
};

}  // namespace spillway
