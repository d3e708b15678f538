#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "binding/shared_numbers.h"

namespace spillway {

/// Lets JavaScript admit requests, and report their ends, without a call. It does so while the log
/// is open: the controller then admits any request that has not waited, so it need not be asked.
/// It learns of these requests when it drains the log.
///
/// lib/admission/request-log.js writes the log, and knows its layout.
class RequestLog final {
 public:
  /// A request of class `id` was admitted if `start` is 0. Otherwise, a request that was admitted
  /// at `start` has ended.
  struct Entry {
    uint8_t id;
    uint8_t outcome;
    uint64_t start;
  };

  /// `turn_began`: requests that are admitted in this turn count as having begun then.
  void SetOpen(bool is_open, uint64_t turn_began) {
    Numbers()[kOpen] = is_open ? 1 : 0;
    Numbers()[kTurnBegan] = static_cast<double>(turn_began);
  }

  bool IsEmpty() const { return (*numbers_)[kCount] == 0; }

  /// Visits and removes all entries, the oldest first.
  template <typename Visit>
  void Drain(Visit visit) {
    SharedNumbers& numbers = Numbers();
    const size_t count = std::min(static_cast<size_t>(numbers[kCount]), kEntries);
    numbers[kCount] = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto code = static_cast<uint32_t>(numbers[kFirst + 2 * i]);
      visit(Entry{static_cast<uint8_t>(code % kClasses), static_cast<uint8_t>(code / kClasses),
                  static_cast<uint64_t>(numbers[kFirst + 2 * i + 1])});
    }
  }

  const std::shared_ptr<SharedNumbers>& Memory() const { return numbers_; }

 private:
  static constexpr uint32_t kClasses = 256;
  static constexpr size_t kEntries = 512;
  // The layout.
  static constexpr size_t kOpen = 0;
  static constexpr size_t kTurnBegan = 1;
  static constexpr size_t kCount = 2;
  static constexpr size_t kFirst = 3;

  SharedNumbers& Numbers() { return *numbers_; }

  const std::shared_ptr<SharedNumbers> numbers_ =
      std::make_shared<SharedNumbers>(kFirst + 2 * kEntries);
};

}  // namespace spillway
