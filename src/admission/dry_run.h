#pragma once

#include <array>
#include <cstdint>
#include <deque>

namespace spillway {

// What the server would be like without its ghosts: requests that the admission controller refuses
// and that the caller, who only observes, lets in all the same. Ghosts hold up the loop and
// whatever else the requests wait for, so that the waits and the requests in flight that are seen
// are not those that the admission controller would see.
class DryRun final {
 public:
  static constexpr int kClasses = 256;

  // A request came, `waitNs` ago. From here on the wait without ghosts is that of this moment.
  void Came(uint64_t now, uint64_t wait_ns, bool queued);
  // Whether ghosts hold up the loop for longer than can be told from the clock's resolution.
  bool HeldUp(double resolution_ns) const { return all_ - admitted_ > resolution_ns; }
  // What the request would have waited for the loop.
  uint64_t WaitNs() const { return static_cast<uint64_t>(admitted_); }
  // The part of the loop's time that ghosts do not take.
  double Share() const { return all_ > 0 ? admitted_ / all_ : 1; }

  // The request that came is let in; it costs the loop so much, and takes so long where nothing
  // queues.
  void Admitted(uint64_t now, uint8_t id, double cost_ns, double response_ns);
  // It is refused, and present all the same.
  void Refused(uint8_t id, double cost_ns);

  // One whose place is due, if the loop were free of ghosts: true, and the place is free.
  bool Due(uint8_t id);
  // A request that was let in leaves. True if that frees its place, which had not been freed
  // before.
  bool Left(uint8_t id, uint64_t start);
  void GhostLeft(uint8_t id);
  // A request without a place was completed. A shared bottleneck completes requests at the same
  // rate, whoever is served. So without the ghosts, this would have been the oldest request that
  // has held its place for at least R. True if there is one: its place is free.
  bool StandsFor(uint64_t now, uint8_t id, double response_ns);

  // How many requests are present, of all classes.
  uint32_t Present() const { return present_; }
  // Nobody of the class is present.
  bool Empty(uint8_t id) const;

 private:
  struct Place {
    uint64_t start;
    double due;
  };
  struct Class {
    std::deque<Place> places;
    uint32_t ghosts = 0;
    uint32_t freed = 0;  // present, and their places free already
  };

  std::array<Class, kClasses> classes_;
  // Requests are judged long after they came, where the queue is long. Without ghosts they would be
  // judged when they came: that is the time here.
  double now_ = 0;
  double queued_part_ = 0;  // of the recent requests, those that came through the accept queue
  uint64_t queued_ns_ = 0;  // what the last of them waited
  uint32_t present_ = 0;
  // Loop time that is owed: to all requests, and to those that were let in (Lindley's recursion).
  double all_ = 0;
  double admitted_ = 0;
};

}  // namespace spillway
