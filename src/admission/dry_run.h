#pragma once

#include <array>
#include <cstdint>
#include <deque>

namespace spillway {

/// Estimates, in a dry run, the waits and the requests in flight that the controller would see if
/// it really refused requests.
///
/// A ghost is a request that the controller refuses and the caller lets in nevertheless. Ghosts use
/// the loop and whatever else the requests wait for, so the measured waits and the number in flight
/// are not those that the controller would see without a dry run. Times are ns.
class DryRun final {
 public:
  static constexpr int kClasses = 256;

  /// A request came, `wait_ns` ago. Until the next call, WaitNs() refers to that moment.
  void Came(uint64_t now, uint64_t wait_ns, bool queued);
  /// Whether ghosts delay the loop by more than `resolution_ns`, the resolution of the clock.
  bool HeldUp(double resolution_ns) const { return all_ - admitted_ > resolution_ns; }
  /// How long the request would have waited for the loop without ghosts.
  uint64_t WaitNs() const { return static_cast<uint64_t>(admitted_); }
  /// The part of the loop's work that does not come from ghosts, 0 to 1.
  double Share() const { return all_ > 0 ? admitted_ / all_ : 1; }

  /// The request was admitted. It costs the loop `cost_ns`, and has a no-load response time of
  /// `response_ns`.
  void Admitted(uint64_t now, uint8_t id, double cost_ns, double response_ns);
  /// The request was refused, and is a ghost from now on.
  void Refused(uint8_t id, double cost_ns);

  /// Whether a request would have ended by now if there were no ghosts. If so, frees its place.
  bool Due(uint8_t id);
  /// An admitted request has ended. Returns true if this frees its place, and false if its place
  /// was already free.
  bool Left(uint8_t id, uint64_t start);
  void GhostLeft(uint8_t id);
  /// A request without a place was completed. A shared bottleneck completes requests at the same
  /// rate with and without ghosts. Without them, the oldest request with a place would have been
  /// completed instead, if it has held the place for at least R. In that case, frees the place and
  /// returns true.
  bool StandsFor(uint64_t now, uint8_t id, double response_ns);

  /// How many requests are in flight, ghosts included, of all classes.
  uint32_t Present() const { return present_; }
  /// No request of the class is in flight.
  bool Empty(uint8_t id) const;

 private:
  struct Place {
    uint64_t start;
    double due;
  };
  struct Class {
    std::deque<Place> places;
    uint32_t ghosts = 0;
    uint32_t freed = 0;  // still in flight, but their places are already free
  };

  std::array<Class, kClasses> classes_;
  // The time at which the last request came. Without ghosts, it would have been judged at that
  // moment; a long queue of ghosts delays the decision.
  double now_ = 0;
  double queued_part_ = 0;  // the part of the recent requests that came through the accept queue
  uint64_t queued_ns_ = 0;  // wait of the last of them
  uint32_t present_ = 0;
  // Work that the loop still has to do: for all requests, and for the admitted ones (Lindley's
  // recursion).
  double all_ = 0;
  double admitted_ = 0;
};

}  // namespace spillway
