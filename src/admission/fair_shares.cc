#include "admission/fair_shares.h"

#include <algorithm>

namespace spillway {

namespace {

// A client can save up the allowance of one second, so that it may send its requests in bursts, and
// owe as much.
constexpr double kSavingsNs = 1e9;

// All first requests together get the share of a quarter of the known clients, and at least that of
// one.
constexpr double kStrangersPart = 0.25;

// For how long a client is known to ask for more than its share.
constexpr uint64_t kAsksMoreNs = 1'000'000'000;

// Clients are counted for a second.
constexpr uint64_t kPeriodNs = 1'000'000'000;

// Node reads the request of a connection that was handed over within the next turns of the loop.
constexpr uint64_t kPassNs = 1'000'000'000;
constexpr size_t kMostPasses = 256;

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

// FNV-1a, with a seed so that nobody outside can find two names with one account.
uint64_t FairShares::IdOf(std::string_view name) const {
  uint64_t hash = seed_;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3U;
  return Mixed(hash);
}

Asked FairShares::Ask(uint64_t now, size_t bottleneck, const Client& client, double cost_ns) {
  const uint64_t id = IdOf(client.name);
  top_.Asked(now, id, client.name, cost_ns);
  FairRate& rate = bottlenecks_[bottleneck].rate;
  Account& account = AccountOf(now, bottleneck, id, client.weight, cost_ns);
  Pay(now, rate.Get(), cost_ns, &account);
  Asked asked{{Claim::Kind::kBeyond, 0}, id, bottleneck, cost_ns};
  if (account.left <= 0) {
    account.asked_more_at = now;
    return asked;
  }
  asked.claim = {Claim::Kind::kWithin, account.left / Most(rate.Get(), account, cost_ns)};
  rate.Within(cost_ns, account.asked_more_at > 0 && now - account.asked_more_at < kAsksMoreNs);
  account.left -= cost_ns;
  return asked;
}

Account& FairShares::AccountOf(uint64_t now, size_t bottleneck, uint64_t client, double weight,
                               double cost_ns) {
  Bottleneck& at = bottlenecks_[bottleneck];
  Account* const account = accounts_.Came(now, Mixed(client + bottleneck));
  if (!account) {
    const auto clients = static_cast<double>(std::max(at.clients, at.clients_before));
    at.strangers.weight = std::max(1.0, clients * kStrangersPart);
    return at.strangers;
  }
  if (weight > 0) account->weight = weight;
  Count(&at, account);
  // Its first request was not paid for.
  if (!account->has_returned) account->left = -cost_ns;
  account->has_returned = true;
  return *account;
}

void FairShares::Pay(uint64_t now, double rate, double cost_ns, Account* account) {
  const auto elapsed = static_cast<double>(now - std::min(now, account->paid_at));
  const double income = rate * account->weight * elapsed;
  account->left = std::min(account->left + income, Most(rate, *account, cost_ns));
  account->paid_at = now;
}

void FairShares::Count(Bottleneck* bottleneck, Account* account) const {
  if (account->counted == period_) return;
  account->counted = period_;
  ++bottleneck->clients;
}

void FairShares::Admitted(const Asked& asked) {
  top_.Admitted(asked.client, asked.cost_ns);
  if (asked.claim.kind != Claim::Kind::kBeyond) return;
  // What is left over is not free, so it does not matter who pushes hardest.
  Bottleneck& at = bottlenecks_[asked.bottleneck];
  Account* const known = accounts_.Find(Mixed(asked.client + asked.bottleneck));
  Account& account = known ? *known : at.strangers;
  account.left =
      std::max(account.left - asked.cost_ns, -Most(at.rate.Get(), account, asked.cost_ns));
}

void FairShares::Refused(const Asked& asked) {
  bottlenecks_[asked.bottleneck].rate.Refused();
  top_.Refused(asked.client);
}

void FairShares::HandedOver(uint64_t now, uint64_t client) {
  if (passes_.size() == kMostPasses) passes_.erase(passes_.begin());
  passes_.push_back({client, now + kPassNs});
}

bool FairShares::WasHandedOver(uint64_t now, const Client& client) {
  if (passes_.empty()) return false;
  const uint64_t id = IdOf(client.name);
  const auto is_his = [&](const Pass& pass) { return pass.client == id && now <= pass.until; };
  const auto pass = std::find_if(passes_.begin(), passes_.end(), is_his);
  if (pass == passes_.end()) return false;
  passes_.erase(pass);
  return true;
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
