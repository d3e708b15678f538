#include "admission/crowd.h"

namespace spillway {

namespace {

// One alone is judged by what it shows itself.
constexpr int kFewestClasses = 2;

}  // namespace

void Crowd::Free::Add(const ClassLimit& limit) {
  ++classes;
  inFlight += limit.inFlight();
  rate += limit.rate();
  responses += limit.rate() * limit.NoLoadNs();
  variances += limit.rate() * limit.variance();
}

void Crowd::EndWindow(const ClassLimit::Window& window, const Free& free,
                      const ClassLimit::Setting& setting) {
  freeInFlight_ = free.inFlight;
  if (limit_.enforcing()) limit_.EndWindow(window, setting);
  if (limit_.enforcing()) return;
  if (free.classes < kFewestClasses) return detector_.Drop();
  detector_.EndWindow(window.elapsedNs, free.rate, free.inFlight,
                      {response_, free.variances / free.rate,
                       ClassLimit::EvidentNs(response_, window.pauseNs, setting)});
  response_ = free.responses / free.rate;
}

void Crowd::Join(const ClassLimit& member, const ClassLimit::Setting& setting) {
  limit_.Take(member, member.rate(), setting);
  limit_.AlsoHolds(member.inFlight());
}

}  // namespace spillway
