#pragma once

#include <cstdint>

namespace spillway {

/// How strong a request's claim to be served is, compared with the other requests that want the
/// same bottleneck (the loop, or what a class of requests waits for).
struct Claim {
  enum class Kind : uint8_t {
    kEqual,   // all claims are equal
    kWithin,  // its client has not used up its fair share
    kBeyond,  // its client has: it is served only if capacity is left over
  };
  Kind kind = Kind::kEqual;
  /// For kWithin: how much of its allowance the client has saved, as a part of the most that it can
  /// save, 0 to 1. A client that asks for less than its fair share has saved all of it.
  double saved = 0;
};

}  // namespace spillway
