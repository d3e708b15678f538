#include "admission/fair_shares.h"

#include <algorithm>

namespace spillway {

namespace {

// A client can save up the allowance of one second, so that it may send its requests in bursts.
constexpr double kSavingsNs = 1e9;

// All first requests together get the share of a quarter of the known clients, and at least that of
// one.
constexpr double kStrangersPart = 0.25;

// For how long a client is known to ask for more than its share.
constexpr uint64_t kAsksMoreNs = 1'000'000'000;

// Clients are counted for a second.
constexpr uint64_t kPeriodNs = 1'000'000'000;

// The finalizer of MurmurHash3: each bit of the input changes about half of the bits.
uint64_t Mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 33U)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33U);
}

}  // namespace

// FNV-1a, with a seed so that nobody outside can find two names with one account.
uint64_t FairShares::IdOf(std::string_view name) const {
  uint64_t hash = seed_;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3U;
  return Mixed(hash);
}

Claim FairShares::Ask(uint64_t now, size_t bottleneck, const Client& client, double cost_ns) {
  Bottleneck& at = bottlenecks_[bottleneck];
  const uint64_t id = IdOf(client.name);
  Account* account = accounts_.Find(now, Mixed(id + bottleneck));
  if (account) {
    account->weight = client.weight;
    Count(&at, account);
    // Its first request was not paid for.
    if (!account->has_returned) account->left = -cost_ns;
    account->has_returned = true;
  } else {
    account = &at.strangers;
    const auto clients = static_cast<double>(std::max(at.clients, at.clients_before));
    account->weight = std::max(1.0, clients * kStrangersPart);
  }
  Pay(now, at.rate.Get(), cost_ns, account);
  asked_ = {&at, top_.Asked(now, id, client.name, cost_ns), cost_ns};
  if (account->left <= 0) {
    account->asked_more_at = now;
    return {Claim::Kind::kBeyond, 0};
  }
  const double most = std::max(cost_ns, at.rate.Get() * account->weight * kSavingsNs);
  const Claim claim{Claim::Kind::kWithin, std::min(1.0, account->left / most)};
  const bool asks_more = account->asked_more_at > 0 && now - account->asked_more_at < kAsksMoreNs;
  at.rate.Within(cost_ns, asks_more);
  account->left -= cost_ns;
  return claim;
}

void FairShares::Pay(uint64_t now, double rate, double cost_ns, Account* account) {
  const auto elapsed = static_cast<double>(now - std::min(now, account->paid_at));
  const double income = rate * account->weight;
  account->left = std::min(std::max(cost_ns, income * kSavingsNs), account->left + income * elapsed);
  account->paid_at = now;
}

void FairShares::Count(Bottleneck* bottleneck, Account* account) const {
  if (account->counted == period_) return;
  account->counted = period_;
  ++bottleneck->clients;
}

void FairShares::Admitted() {
  top_.Admitted(asked_.entry, asked_.cost);
}

void FairShares::Refused() {
  asked_.bottleneck->rate.Refused();
  TopClients::Refused(asked_.entry);
}

void FairShares::EndWindow(uint64_t now, double elapsed_ns) {
  for (Bottleneck& each : bottlenecks_) each.rate.EndWindow(elapsed_ns);
  if (now - period_begun_ < kPeriodNs) return;
  period_begun_ = now;
  ++period_;
  for (Bottleneck& each : bottlenecks_) {
    each.clients_before = each.clients;
    each.clients = 0;
  }
}

}  // namespace spillway
