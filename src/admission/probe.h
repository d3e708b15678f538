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
    measureFrom_ = UINT64_MAX;
    count_ = 0;
    sum_ = 0;
  }
  void Drained(uint64_t now) { measureFrom_ = now; }
  void End() { running_ = false; }

  // True when the measure is complete.
  bool Add(uint64_t start, double responseNs) {
    if (!running_ || start < measureFrom_) return false;
    sum_ += responseNs;
    return ++count_ == kResponses;
  }

  // So few have come for so long that they must do.
  bool Late(uint64_t now, double afterNs) const {
    return running_ && count_ >= kFewest && static_cast<double>(now - begun_) > afterNs;
  }

  bool running() const { return running_; }
  double responseNs() const { return sum_ / count_; }

 private:
  bool running_ = false;
  uint64_t begun_ = 0;
  uint64_t measureFrom_ = 0;
  uint32_t count_ = 0;
  double sum_ = 0;
};

}  // namespace spillway
