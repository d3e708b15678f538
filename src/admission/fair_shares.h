#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "admission/accounts.h"
#include "admission/claim.h"
#include "admission/fair_rate.h"
#include "admission/priority_cutoff.h"
#include "admission/top_clients.h"

namespace spillway {

/// A client, as the option `fairBy` tells them apart.
struct Client {
  std::string_view name;
  double weight = 0;  // 0: as before, or 1
};

/// A request that wants some of a bottleneck's time.
struct Asked {
  Claim claim;
  uint64_t client = 0;
  size_t bottleneck = 0;
  double cost_ns = 0;      // of the bottleneck's time
  bool is_first = false;   // its client comes for the first time
  bool is_charged = true;  // false: the client has been charged before
  Priority priority = Priority::kNormal;
};

/// Gives clients fair shares of a bottleneck's time while requests have to be refused.
///
/// Each client has a token bucket for each bottleneck. It is filled at the bottleneck's fair rate,
/// and each request takes from it what the request costs. Requests of clients that have used up
/// their bucket are served only if capacity is left over; the bucket then holds a debt.
///
/// Clients that come for the first time share one bucket. So someone who invents a new name for
/// each request gets no more than that, and what is left over. Times are ns.
class FairShares final {
 public:
  static constexpr size_t kBottlenecks = 258;

  /// `seed`: a random number.
  explicit FairShares(uint64_t seed) : seed_(seed) {}

  /// A request of `client` came. One of Admitted() and Refused() must follow.
  Asked Ask(uint64_t now, size_t bottleneck, const Client& client, double cost_ns);
  void Admitted(const Asked& asked);
  void Refused(const Asked& asked);

  /// A request came whose claim does not depend on its client's share. One of Admitted() and
  /// Refused() must follow.
  Asked AskAnyway(uint64_t now, const Client& client, Asked asked);
  /// A request that the client has been charged for needs more time than was known, or less.
  void ChargeMore(size_t bottleneck, const Client& client, double cost_ns);

  /// A window has ended.
  void EndWindow(uint64_t now, double elapsed_ns);

  uint64_t IdOf(std::string_view name) const;
  TopClients& Top() { return top_; }
  double Rate(size_t bottleneck) const { return bottlenecks_[bottleneck].rate.Get(); }

 private:
  struct Bottleneck {
    FairRate rate;
    Account strangers;  // of the clients that come for the first time
    // The weights of the clients that came in this period, and in the one before.
    double weights = 0;
    double weights_before = 0;
  };

  Account* KnownAccount(uint64_t now, size_t bottleneck, uint64_t client, double weight,
                        double cost_ns);
  Account& Strangers(size_t bottleneck);
  static void Pay(uint64_t now, double rate, double cost_ns, Account* account);
  static void Charge(double rate, double cost_ns, Account* account);

  const uint64_t seed_;
  Accounts accounts_;
  std::array<Bottleneck, kBottlenecks> bottlenecks_;
  TopClients top_;
  uint64_t period_ = 1;
  uint64_t period_begun_ = 0;
};

}  // namespace spillway
