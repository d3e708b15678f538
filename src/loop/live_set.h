#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace spillway {

/// Who is told of each turn of one loop. Shared by the loop's monitor and those who are told, since
/// either may be the last to go.
template <typename T>
class LiveSet {
 public:
  void Add(T* member) { members_.push_back(member); }
  void Remove(T* member) {
    members_.erase(std::remove(members_.begin(), members_.end(), member), members_.end());
  }
  void OnTurn(uint64_t now, uint64_t busy) {
    for (T* member : members_) member->OnTurn(now, busy);
  }

 private:
  std::vector<T*> members_;
};

}  // namespace spillway
