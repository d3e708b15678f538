#pragma once

#include <cstdint>

namespace spillway {

/// A turn of the event loop, from the end of one poll phase to the end of the next. Times are ns.
struct Turn {
  uint64_t ended_at;  // by uv_hrtime()
  uint64_t busy;      // the part of the turn in which the loop did not wait for events
  uint32_t queued;    // connections in the longest accept queue of the thread, 0 if unknown
  uint64_t lost;      // busy time in which the thread did not run, since it was last reported
};

}  // namespace spillway
