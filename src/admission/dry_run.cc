#include "admission/dry_run.h"

#include <algorithm>

namespace spillway {

namespace {

constexpr double kRecentRequests = 64;
constexpr double kMost = 0.5;

}  // namespace

// A request on a connection that was accepted earlier overtakes the requests in the accept queue.
// If most requests come through the accept queue, such a request is assumed to have waited at least
// as long as the last one that did.
void DryRun::Came(uint64_t now, uint64_t wait_ns, bool queued) {
  queued_part_ += ((queued ? 1 : 0) - queued_part_) / kRecentRequests;
  if (queued) queued_ns_ = wait_ns;
  if (!queued && queued_part_ > kMost) wait_ns = std::max(wait_ns, queued_ns_);
  const double came = std::max(now_, static_cast<double>(now - std::min(now, wait_ns)));
  const double elapsed = came - now_;
  now_ = came;
  all_ = std::max(0.0, all_ - elapsed);
  admitted_ = std::max(0.0, admitted_ - elapsed);
}

void DryRun::Admitted(uint64_t now, uint8_t id, double cost_ns, double response_ns) {
  const double due = now_ + admitted_ + std::max(cost_ns, response_ns);
  all_ += cost_ns;
  admitted_ += cost_ns;
  // Rounded as JavaScript returns it: a double.
  const auto start = static_cast<uint64_t>(static_cast<double>(now));
  classes_[id].places.push_back({start, due});
  ++present_;
}

void DryRun::Refused(uint8_t id, double cost_ns) {
  all_ += cost_ns;
  ++classes_[id].ghosts;
  ++present_;
}

bool DryRun::Due(uint8_t id) {
  Class& entry = classes_[id];
  if (entry.places.empty() || entry.places.front().due > now_) return false;
  entry.places.pop_front();
  ++entry.freed;
  return true;
}

bool DryRun::Left(uint8_t id, uint64_t start) {
  Class& entry = classes_[id];
  const auto before = [](const Place& place, uint64_t time) { return place.start < time; };
  const auto place = std::lower_bound(entry.places.begin(), entry.places.end(), start, before);
  if (place == entry.places.end() || place->start != start) {
    if (entry.freed > 0) {
      --entry.freed;
      --present_;
    }
    return false;
  }
  entry.places.erase(place);
  --present_;
  return true;
}

void DryRun::GhostLeft(uint8_t id) {
  Class& entry = classes_[id];
  if (entry.ghosts == 0) return;
  --entry.ghosts;
  --present_;
}

bool DryRun::StandsFor(uint64_t now, uint8_t id, double response_ns) {
  Class& entry = classes_[id];
  if (response_ns == 0 || entry.places.empty()) return false;
  if (static_cast<double>(now - entry.places.front().start) < response_ns) return false;
  entry.places.pop_front();
  ++entry.freed;
  return true;
}

bool DryRun::Empty(uint8_t id) const {
  const Class& entry = classes_[id];
  return entry.places.empty() && entry.ghosts == 0 && entry.freed == 0;
}

}  // namespace spillway
