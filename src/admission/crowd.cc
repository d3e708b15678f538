#include "admission/crowd.h"

namespace spillway {

namespace {

// A single class is not judged as a crowd.
constexpr int kFewestClasses = 2;

}  // namespace

void Crowd::Free::Add(const ClassLimit& limit) {
  ++classes;
  in_flight += limit.InFlight();
  rate += limit.Rate();
  responses += limit.Rate() * limit.NoLoadNs();
  variances += limit.Rate() * limit.Variance();
}

void Crowd::EndWindow(const ClassLimit::Window& window, const Free& free,
                      const ClassLimit::Setting& setting) {
  free_in_flight_ = free.in_flight;
  if (limit_.Enforcing()) limit_.EndWindow(window, setting);
  if (limit_.Enforcing()) return;
  if (free.classes < kFewestClasses) return detector_.Drop();
  detector_.EndWindow(window.elapsed_ns, free.rate, free.in_flight,
                      {response_, free.variances / free.rate,
                       ClassLimit::EvidentNs(response_, window.pause_ns, setting)});
  response_ = free.responses / free.rate;
}

void Crowd::Join(uint64_t now, const ClassLimit& member, const ClassLimit::Setting& setting) {
  limit_.Take(now, member, member.Rate(), StateReason::kCrowdQueue, setting);
  limit_.AlsoHolds(member.InFlight());
}

}  // namespace spillway
