#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "admission/fair_shares.h"
#include "admission/passes.h"
#include "admission/priority_cutoff.h"

namespace spillway {

/// Who sends a request, and what is known about it.
struct Sender {
  const Client* client = nullptr;  // null without fair shares
  Priority priority = Priority::kNormal;
  /// How long its client waits for the response, from when the request arrived.
  double patience_ns = std::numeric_limits<double>::infinity();
};

/// Decides how strong the claim of a request to a bottleneck's time is, while some requests have to
/// be refused: first by its priority, then by its client's fair share. Times are ns.
class Claims final {
 public:
  /// `fair_seed`: a random number; 0: clients have no shares.
  explicit Claims(uint64_t fair_seed)
      : shares_(fair_seed > 0 ? std::make_unique<FairShares>(fair_seed) : nullptr) {}

  /// Requests have priorities from now on.
  void UsePriorities() {
    if (!cutoffs_) cutoffs_ = std::make_unique<Cutoffs>();
  }

  /// A request came. One of Admitted() and Refused() must follow.
  Asked Ask(uint64_t now, size_t bottleneck, const Sender& sender, double cost_ns);
  /// The same for a request that no limit holds back, while another class is held back and the loop
  /// is saturated. Returns a claim only if its level is below the cutoff.
  std::optional<Asked> AskBelow(size_t bottleneck, const Sender& sender, double cost_ns);
  void Admitted(const Asked& asked);
  void Refused(const Asked& asked);

  /// The request's connection is handed over to Node, which will ask again.
  void HandedOver(uint64_t now, const Asked& asked);
  /// Like Ask(), but if the request's connection was handed over, its claim is the strongest.
  Asked AskAgain(uint64_t now, size_t bottleneck, const Sender& sender, double cost_ns);

  /// A window has ended.
  void EndWindow(uint64_t now, double elapsed_ns);

  /// Null without fair shares.
  FairShares* Shares() { return shares_.get(); }
  const FairShares* Shares() const { return shares_.get(); }
  /// Null without priorities.
  const PriorityCutoff* Cutoff(size_t bottleneck) const {
    return cutoffs_ ? &(*cutoffs_)[bottleneck] : nullptr;
  }

 private:
  using Cutoffs = std::array<PriorityCutoff, FairShares::kBottlenecks>;

  PriorityCutoff::Standing StandingOf(size_t bottleneck, Priority priority) const;
  uint64_t IdOf(const Sender& sender) const;
  static uint64_t PassOf(const Asked& asked) {
    return asked.client + static_cast<uint64_t>(asked.priority);
  }

  const std::unique_ptr<FairShares> shares_;
  std::unique_ptr<Cutoffs> cutoffs_;
  Passes passes_;
};

}  // namespace spillway
