#include "admission/claims.h"

namespace spillway {

using Standing = PriorityCutoff::Standing;

Standing Claims::StandingOf(size_t bottleneck, Priority priority) const {
  return cutoffs_ ? (*cutoffs_)[bottleneck].Of(priority) : Standing::kFirst;
}

uint64_t Claims::IdOf(const Sender& sender) const {
  return shares_ && sender.client ? shares_->IdOf(sender.client->name) : 0;
}

// The levels above the cutoff need no shares: all of their requests can be served. Those below it
// get only what is left over.
Asked Claims::Ask(uint64_t now, size_t bottleneck, const Sender& sender, double cost_ns) {
  const Standing standing = StandingOf(bottleneck, sender.priority);
  if (cutoffs_) (*cutoffs_)[bottleneck].Came(sender.priority, cost_ns);
  const bool has_share = shares_ && sender.client;
  Asked asked;
  asked.bottleneck = bottleneck;
  asked.cost_ns = cost_ns;
  if (standing == Standing::kAbove) asked.claim = {Claim::Kind::kWithin, 1};
  if (standing == Standing::kAt) asked.claim = {Claim::Kind::kMarginal, 0};
  if (standing == Standing::kBelow) asked.claim = {Claim::Kind::kBelow, 0};
  if (has_share) {
    const bool by_share = standing == Standing::kAt || standing == Standing::kFirst;
    asked = by_share ? shares_->Ask(now, bottleneck, *sender.client, cost_ns)
                     : shares_->AskAnyway(now, *sender.client, asked);
  }
  asked.priority = sender.priority;
  return asked;
}

std::optional<Asked> Claims::AskBelow(size_t bottleneck, const Sender& sender, double cost_ns) {
  if (!cutoffs_) return std::nullopt;
  PriorityCutoff& cutoff = (*cutoffs_)[bottleneck];
  cutoff.Came(sender.priority, cost_ns);
  if (cutoff.Of(sender.priority) != Standing::kBelow) return std::nullopt;
  Asked asked{{Claim::Kind::kBelow, 0}, 0, bottleneck, cost_ns};
  asked.is_charged = false;
  return asked;
}

void Claims::Admitted(const Asked& asked) {
  if (shares_) shares_->Admitted(asked);
}

void Claims::Refused(const Asked& asked) {
  if (shares_) shares_->Refused(asked);
}

void Claims::HandedOver(uint64_t now, const Asked& asked) {
  Admitted(asked);
  passes_.Add(now, PassOf(asked), asked.cost_ns);
}

Asked Claims::AskAgain(uint64_t now, size_t bottleneck, const Sender& sender, double cost_ns) {
  Asked asked{{Claim::Kind::kPromised, 1}, IdOf(sender), bottleneck, cost_ns};
  asked.priority = sender.priority;
  const std::optional<double> paid = passes_.Take(now, PassOf(asked));
  if (!paid) return Ask(now, bottleneck, sender, cost_ns);
  const Standing standing = StandingOf(bottleneck, sender.priority);
  const bool by_share = standing == Standing::kAt || standing == Standing::kFirst;
  if (asked.client != 0 && by_share)
    shares_->ChargeMore(bottleneck, *sender.client, cost_ns - *paid);
  asked.is_charged = false;
  return asked;
}

void Claims::EndWindow(uint64_t now, double elapsed_ns) {
  if (shares_) shares_->EndWindow(now, elapsed_ns);
  if (!cutoffs_) return;
  for (PriorityCutoff& each : *cutoffs_) each.EndWindow(elapsed_ns);
}

}  // namespace spillway
