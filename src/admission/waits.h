#pragma once

#include <cstdint>

namespace spillway {

/// How long the requests of one queue waited: in the current window, and in earlier ones if those
/// had too few requests to tell.
class Waits final {
 public:
  void Saw(bool is_late, bool is_refused) {
    ++window_.seen;
    window_.late += is_late;
    window_.refused += is_refused;
  }
  /// `count` connections were refused before they were accepted.
  void Spilled(uint32_t count) {
    window_.seen += count;
    window_.refused += count;
  }

  /// Requests in this window.
  uint32_t Seen() const { return window_.seen; }
  uint32_t Refused() const { return window_.refused; }

  /// For a queue that does not stand: whether it begins to.
  bool BeginsToStand() const {
    const uint32_t seen = earlier_.seen + window_.seen;
    return seen >= kFewest && (earlier_.late + window_.late) * kLateOf >= seen * kLateLeast;
  }
  /// For a queue that stands: whether it still does.
  bool StillStands() const {
    if (window_.seen == 0) return false;
    return window_.refused * kRefusedPart >= window_.seen ||
           window_.late * kLateOf >= window_.seen * kLateLeast;
  }

  void EndWindow() {
    const uint32_t seen = earlier_.seen + window_.seen;
    if (window_.seen == 0 || seen >= kFewest) {
      earlier_ = {};
    } else {
      earlier_.seen = seen;
      earlier_.late += window_.late;
    }
    window_ = {};
  }

 private:
  struct Counts {
    uint32_t seen = 0;
    uint32_t late = 0;
    uint32_t refused = 0;
  };

  // A queue begins to stand if two thirds of the waits were long. When a burst reaches an idle
  // server, the waits rise evenly from 0: by the time two thirds of them exceed half of the limit,
  // the last ones exceed the limit. A queue is detected even if a third of the requests appear not
  // to have waited.
  static constexpr uint32_t kLateOf = 3;
  static constexpr uint32_t kLateLeast = 2;
  // One or two slow requests on a server that is hardly used are no queue.
  static constexpr uint32_t kFewest = 4;
  // A queue of normal length can absorb the overload if less than a tenth must be refused.
  static constexpr uint32_t kRefusedPart = 10;

  Counts window_;
  Counts earlier_;
};

}  // namespace spillway
