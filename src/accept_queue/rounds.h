#pragma once

#include <uv.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace spillway {

/// A list whose members are visited in rounds, oldest first. A round that runs out of time
/// continues in the next turn, so that every member is visited and no turn becomes long. Times are
/// ns.
template <typename T>
class Rounds final {
 public:
  struct Pace {
    uint64_t every;    // the minimum time between the beginnings of two rounds
    uint64_t longest;  // the maximum time that a round may take in one turn
  };

  explicit Rounds(Pace pace) : pace_(pace) {}

  size_t Size() const { return members_.size(); }
  bool Empty() const { return members_.empty(); }
  const std::vector<T>& Members() const { return members_; }

  void Add(T member) { members_.push_back(std::move(member)); }
  void Clear() {
    members_.clear();
    next_ = 0;
  }
  /// Removes the `count` oldest members, or all if there are fewer, and returns them.
  std::vector<T> TakeOldest(size_t count) {
    const auto end = members_.begin() + static_cast<Offset>(std::min(count, Size()));
    std::vector<T> oldest(members_.begin(), end);
    members_.erase(members_.begin(), end);
    next_ -= std::min(next_, oldest.size());
    return oldest;
  }

  /// Must be called once a turn. `keep(member)` returns whether the member stays; it must not add
  /// or remove members.
  template <typename Keep>
  void Visit(uint64_t now, Keep keep) {
    if (Empty() || (next_ == 0 && now - begun_at_ < pace_.every)) return;
    if (next_ == 0) begun_at_ = now;
    const uint64_t begun = uv_hrtime();
    size_t kept = next_;
    size_t i = next_;
    for (bool in_time = true; i < Size() && in_time; ++i) {
      if (keep(&members_[i])) {
        if (kept != i) members_[kept] = std::move(members_[i]);
        ++kept;
      }
      if (i % kClockEvery == 0) in_time = uv_hrtime() - begun < pace_.longest;
    }
    const bool is_finished = i == Size();
    members_.erase(members_.begin() + static_cast<Offset>(kept),
                   members_.begin() + static_cast<Offset>(i));
    next_ = is_finished ? 0 : kept;
  }

 private:
  using Offset = typename std::vector<T>::difference_type;

  // The clock is read once for this many members.
  static constexpr size_t kClockEvery = 8;

  const Pace pace_;
  std::vector<T> members_;
  size_t next_ = 0;  // where the round continues
  uint64_t begun_at_ = 0;
};

}  // namespace spillway
