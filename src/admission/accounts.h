#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace spillway {

/// What a client has left of its allowance for one bottleneck. Times are ns.
struct Account {
  uint64_t id = 0;                // of the client and the bottleneck
  uint64_t seen_at = 0;           // when it last sent a request; 0: the account is unused
  uint64_t paid_at = 0;           // until when its allowance has been paid
  double left = 0;                // of the bottleneck's time; negative: a debt
  uint64_t asked_more_until = 0;  // until when it counts as asking for more than its share
  uint64_t counted = 0;           // the period in which it was last counted
  double weight = 1;
  bool has_returned = false;  // its client has sent more than one request
};

/// The accounts of the clients that were seen lately: a hash table of a fixed size, divided into
/// sets. Within a set, a new client takes the place of one that has come only once, or else of one
/// that has been idle.
class Accounts final {
 public:
  /// A request came. Returns null for a client that comes for the first time, as far as is known.
  /// If there is room, it has an account from now on.
  Account* Came(uint64_t now, uint64_t id) {
    if (accounts_.empty()) accounts_.resize(kSets * kWays);
    if (Account* account = Find(id)) {
      account->seen_at = now;
      return account;
    }
    Account* const set = SetOf(id);
    Account* victim = nullptr;
    for (Account* each = set; each < set + kWays; ++each) {
      if (MayReplace(now, *each) && (!victim || Precedes(*each, *victim))) victim = each;
    }
    if (victim) *victim = Account{id, now, now};
    return nullptr;
  }

  /// Null if the client has no account, or has lost it.
  Account* Find(uint64_t id) {
    if (accounts_.empty()) return nullptr;
    Account* const set = SetOf(id);
    for (Account* each = set; each < set + kWays; ++each) {
      if (each->id == id && each->seen_at > 0) return each;
    }
    return nullptr;
  }

 private:
  // 16,384 accounts, in 1 MB.
  static constexpr size_t kSets = 2048;
  static constexpr size_t kWays = 8;
  // A client that has been idle for this long has saved as much as it can.
  static constexpr uint64_t kIdleNs = 1'000'000'000;

  Account* SetOf(uint64_t id) { return &accounts_[id % kSets * kWays]; }
  static bool MayReplace(uint64_t now, const Account& account) {
    return !account.has_returned || now > account.seen_at + kIdleNs;
  }
  static bool Precedes(const Account& a, const Account& b) {
    if (a.has_returned != b.has_returned) return !a.has_returned;
    return a.seen_at < b.seen_at;
  }

  std::vector<Account> accounts_;
};

}  // namespace spillway
