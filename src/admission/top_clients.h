#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spillway {

/// The clients that ask for most, found with the algorithm "Space-Saving" (Metwally, Agrawal, El
/// Abbadi: "Efficient computation of frequent and top-k elements in data streams", ICDT 2005). Old
/// requests count less: all counts are halved every ten seconds. Times are ns.
class TopClients final {
 public:
  static constexpr size_t kClients = 64;
  /// Longer names are shortened.
  static constexpr size_t kMostBytes = 64;

  struct Entry {
    uint64_t id = 0;
    std::string name;
    double asked = 0;   // what its requests cost, or would have cost
    double served = 0;  // what its admitted requests cost
    double requests = 0;
    double refused = 0;  // of `requests`
  };

  /// The entry that counts a request of the client. It is valid until the next call.
  Entry* Asked(uint64_t now, uint64_t id, std::string_view name, double cost) {
    Fade(now);
    Entry* least = &entries_[0];
    Entry* found = nullptr;
    for (Entry& each : entries_) {
      if (each.id == id) found = &each;
      if (each.asked < least->asked) least = &each;
    }
    if (!found) {
      found = least;
      *found = {id, std::string(name.substr(0, kMostBytes)), least->asked};
    }
    found->asked += cost;
    ++found->requests;
    return found;
  }
  void Admitted(Entry* entry, double cost) {
    entry->served += cost;
    served_ += cost;
  }
  static void Refused(Entry* entry) { ++entry->refused; }

  /// Makes old requests count less. The other functions do so only when requests come.
  void Fade(uint64_t now) {
    if (now - faded_at_ < kHalfLifeNs) return;
    // After a long pause, nothing is left.
    const double part = now - faded_at_ < 2 * kHalfLifeNs ? 0.5 : 0;
    faded_at_ = now;
    served_ *= part;
    for (Entry& each : entries_) {
      each.asked *= part;
      each.served *= part;
      each.requests *= part;
      each.refused *= part;
    }
  }

  const std::array<Entry, kClients>& Entries() const { return entries_; }
  /// What the admitted requests of all clients cost.
  double Served() const { return served_; }

 private:
  static constexpr uint64_t kHalfLifeNs = 10'000'000'000;

  std::array<Entry, kClients> entries_;
  double served_ = 0;
  uint64_t faded_at_ = 0;
};

}  // namespace spillway
