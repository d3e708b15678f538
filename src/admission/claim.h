#pragma once

#include <cstddef>
#include <cstdint>

namespace spillway {

/// How strong a request's claim to be served is, compared with the other requests that want the
/// same bottleneck (the loop, or what a class of requests waits for).
struct Claim {
  /// The strongest first.
  enum class Kind : uint8_t {
    kPromised,  // the spill has handed over its connection, because its claim was strong enough
    kWithin,    // its client has not used up its fair share, or its level can be served as a whole
    kEqual,     // neither a priority nor a share tells it from others
    kMarginal,  // its level gets what the levels above leave over
    kBeyond,    // its client has used up its share: it is served only if capacity is left over
    kBelow,  // the levels above need all of the capacity: served if it is left over after kBeyond
  };
  Kind kind = Kind::kEqual;
  /// For kWithin: how much of its allowance the client has saved, as a part of the most that it can
  /// save, 0 to 1. A client that asks for less than its fair share has saved all of it.
  double saved = 0;

  size_t Rank() const { return static_cast<size_t>(kind); }
  /// Whether it is served only from what others leave over.
  bool IsWeak() const { return kind == Kind::kBeyond || kind == Kind::kBelow; }
};

}  // namespace spillway
