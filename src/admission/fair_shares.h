#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "admission/accounts.h"
#include "admission/claim.h"
#include "admission/fair_rate.h"
#include "admission/top_clients.h"

namespace spillway {

/// A client, as the option `fairBy` tells them apart.
struct Client {
  std::string_view name;
  double weight = 1;
};

/// Gives clients fair shares of a bottleneck's time while requests have to be refused.
///
/// Each client has a token bucket for each bottleneck. It is filled at the bottleneck's fair rate,
/// and each admitted request takes from it what the request costs. Requests of clients that have
/// used up their bucket are served only if capacity is left over.
///
/// Clients that come for the first time share one bucket. So someone who invents a new name for
/// each request gains nothing. Times are ns.
class FairShares final {
 public:
  static constexpr size_t kBottlenecks = 258;

  explicit FairShares(uint64_t seed) : seed_(seed) {}

  /// A request of `client` wants `cost_ns` of a bottleneck's time. One of Admitted() and Refused()
  /// must follow.
  Claim Ask(uint64_t now, size_t bottleneck, const Client& client, double cost_ns);
  void Admitted();
  void Refused();

  /// A window has ended.
  void EndWindow(uint64_t now, double elapsed_ns);

  TopClients& Top() { return top_; }
  double Rate(size_t bottleneck) const { return bottlenecks_[bottleneck].rate.Get(); }

 private:
  struct Bottleneck {
    FairRate rate;
    Account strangers;  // of the clients that come for the first time
    uint32_t clients = 0;  // that came in this period
    uint32_t clients_before = 0;
  };
  /// A request whose fate is not decided.
  struct Asked {
    Bottleneck* bottleneck;
    TopClients::Entry* entry;
    double cost;
  };

  uint64_t IdOf(std::string_view name) const;
  void Count(Bottleneck* bottleneck, Account* account) const;
  static void Pay(uint64_t now, double rate, double cost_ns, Account* account);

  const uint64_t seed_;
  Accounts accounts_;
  std::array<Bottleneck, kBottlenecks> bottlenecks_;
  TopClients top_;
  uint64_t period_ = 1;
  uint64_t period_begun_ = 0;
  Asked asked_{};
};

}  // namespace spillway
