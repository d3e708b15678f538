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
    uint64_t asked_at = 0;
  };

  /// A request of a client came. One of Admitted() and Refused() must follow.
  void Asked(uint64_t now, uint64_t id, std::string_view name, double cost) {
    Fade(now);
    Entry* entry = Find(id);
    if (!entry) {
      entry = std::min_element(entries_.begin(), entries_.end(),
                               [](const Entry& a, const Entry& b) { return a.asked < b.asked; });
      *entry = {id, std::string(name.substr(0, kMostBytes)), entry->asked};
    }
    entry->asked += cost;
    ++entry->requests;
    entry->asked_at = now;
  }
  void Admitted(uint64_t id, double cost) {
    served_ += cost;
    if (Entry* entry = Find(id)) entry->served += cost;
  }
  void Refused(uint64_t id) {
    if (Entry* entry = Find(id)) ++entry->refused;
  }

  /// Makes old requests count less. The other functions do so only when requests come.
  void Fade(uint64_t now) {
    if (now < faded_at_ + kHalfLifeNs) return;
    // After a long pause, nothing is left.
    const double part = now < faded_at_ + 2 * kHalfLifeNs ? 0.5 : 0;
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
  /// Whether the client of an entry has asked for anything lately.
  static bool IsRecent(uint64_t now, const Entry& entry) {
    return entry.requests > 0 && now < entry.asked_at + 2 * kHalfLifeNs;
  }
  /// What the admitted requests of all clients cost.
  double Served() const { return served_; }

 private:
  static constexpr uint64_t kHalfLifeNs = 10'000'000'000;

  Entry* Find(uint64_t id) {
    for (Entry& each : entries_) {
      if (each.id == id && each.requests > 0) return &each;
    }
    return nullptr;
  }

  std::array<Entry, kClients> entries_;
  double served_ = 0;
  uint64_t faded_at_ = 0;
};

}  // namespace spillway
