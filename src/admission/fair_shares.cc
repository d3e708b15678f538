#include "admission/fair_shares.h"

#include <algorithm>

namespace spillway {

namespace {

// A client can save up the allowance of one second, so that it may send its requests in bursts, and
// owe as much.
constexpr double kSavingsNs = 1e9;

// All first requests together get a quarter of what the known clients get.
constexpr double kStrangersPart = 0.25;

// For how long a client is known to ask for more than its share.
constexpr uint64_t kAsksMoreNs = 1'000'000'000;

// Clients are counted for a second.
constexpr uint64_t kPeriodNs = 1'000'000'000;

// The most that a client can save, or owe: at least the cost of a request.
double Most(double rate, const Account& account, double cost_ns) {
  return std::max(cost_ns, rate * account.weight * kSavingsNs);
}

// The finalizer of MurmurHash3: each bit of the input changes about half of the bits.
uint64_t Mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33U);
}

}  // namespace

// The seed keeps people outside from finding two names with one account.
uint64_t FairShares::IdOf(std::string_view name) const {
  uint64_t hash = seed_;
  for (const char c : name) hash = Mixed(hash ^ static_cast<uint8_t>(c));
  return hash;
}

Asked FairShares::Ask(uint64_t now, size_t bottleneck, const Client& client, double cost_ns) {
  const uint64_t id = IdOf(client.name);
  top_.Asked(now, id, client.name, cost_ns);
  FairRate& rate = bottlenecks_[bottleneck].rate;
  Account* const known = KnownAccount(now, bottleneck, id, client.weight, cost_ns);
  Account& account = known ? *known : Strangers(bottleneck);
  Pay(now, rate.Get(), cost_ns, &account);
  Asked asked{{Claim::Kind::kBeyond, 0}, id, bottleneck, cost_ns, !known};
  if (account.left <= 0) {
    account.asked_more_until = now + kAsksMoreNs;
    return asked;
  }
  asked.claim = {Claim::Kind::kWithin, account.left / Most(rate.Get(), account, cost_ns)};
  rate.Within(cost_ns, now < account.asked_more_until);
  account.left -= cost_ns;
  return asked;
}

Account* FairShares::KnownAccount(uint64_t now, size_t bottleneck, uint64_t client, double weight,
                                  double cost_ns) {
  Account* const account = accounts_.Came(now, Mixed(client + bottleneck));
  if (!account) return nullptr;
  if (weight > 0) account->weight = weight;
  if (account->counted != period_) bottlenecks_[bottleneck].weights += account->weight;
  account->counted = period_;
  // Its first request was not paid for.
  if (!account->has_returned) account->left = -cost_ns;
  account->has_returned = true;
  return account;
}

Account& FairShares::Strangers(size_t bottleneck) {
  Bottleneck& at = bottlenecks_[bottleneck];
  const double weights = std::max(at.weights, at.weights_before);
  at.strangers.weight = weights > 0 ? kStrangersPart * weights : 1;
  return at.strangers;
}

// The cost of a request may fall, and with it the most that a client can owe.
void FairShares::Pay(uint64_t now, double rate, double cost_ns, Account* account) {
  const uint64_t since = std::min(now, account->paid_at);
  const double income = rate * account->weight * static_cast<double>(now - since);
  const double most = Most(rate, *account, cost_ns);
  account->left = std::clamp(account->left + income, -most, most);
  account->paid_at = std::max(now, account->paid_at);
}

void FairShares::Charge(double rate, double cost_ns, Account* account) {
  const double most = Most(rate, *account, cost_ns);
  account->left = std::clamp(account->left - cost_ns, -most, most);
}

void FairShares::Admitted(const Asked& asked) {
  if (!asked.is_charged) return;
  top_.Admitted(asked.client, asked.cost_ns);
  if (asked.claim.kind != Claim::Kind::kBeyond) return;
  // What is left over is not free either. Otherwise a client that pushes harder would get more.
  Bottleneck& at = bottlenecks_[asked.bottleneck];
  Account* const known =
      asked.is_first ? nullptr : accounts_.Find(Mixed(asked.client + asked.bottleneck));
  Charge(at.rate.Get(), asked.cost_ns, known ? known : &at.strangers);
}

void FairShares::Refused(const Asked& asked) {
  bottlenecks_[asked.bottleneck].rate.Refused();
  if (asked.is_charged) top_.Refused(asked.client);
}

// What it needs is not available to the clients that ask for more than their share.
Asked FairShares::AskAnyway(uint64_t now, const Client& client, Asked asked) {
  asked.client = IdOf(client.name);
  top_.Asked(now, asked.client, client.name, asked.cost_ns);
  const bool is_within = asked.claim.kind == Claim::Kind::kWithin;
  if (is_within) bottlenecks_[asked.bottleneck].rate.Within(asked.cost_ns, false);
  return asked;
}

void FairShares::ChargeMore(size_t bottleneck, const Client& client, double cost_ns) {
  Account* const account = accounts_.Find(Mixed(IdOf(client.name) + bottleneck));
  if (!account) return;
  if (client.weight > 0) account->weight = client.weight;
  Charge(bottlenecks_[bottleneck].rate.Get(), cost_ns, account);
}

void FairShares::EndWindow(uint64_t now, double elapsed_ns) {
  for (Bottleneck& each : bottlenecks_) each.rate.EndWindow(elapsed_ns);
  if (now < period_begun_ + kPeriodNs) return;
  period_begun_ = now;
  ++period_;
  for (Bottleneck& each : bottlenecks_) {
    each.weights_before = each.weights;
    each.weights = 0;
  }
}

}  // namespace spillway
