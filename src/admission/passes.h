#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace spillway {

/// Remembers whose connections the spill has handed over to Node, so that their requests are not
/// charged again. A client is a number, which may include the priority. Times are ns.
class Passes final {
 public:
  /// `paid_ns`: what the client has been charged.
  void Add(uint64_t now, uint64_t client, double paid_ns) {
    if (passes_.size() == kMostPasses) passes_.erase(passes_.begin());
    passes_.push_back({client, now + kPassNs, paid_ns});
  }

  /// A request of the client came. Returns what has been charged for it, if anything.
  std::optional<double> Take(uint64_t now, uint64_t client) {
    const auto fits = [&](const Pass& pass) { return pass.client == client && now <= pass.until; };
    const auto pass = std::find_if(passes_.begin(), passes_.end(), fits);
    if (pass == passes_.end()) return std::nullopt;
    const double paid = pass->paid_ns;
    passes_.erase(pass);
    return paid;
  }

 private:
  struct Pass {
    uint64_t client;
    uint64_t until;
    double paid_ns;
  };

  // Node reads the request of a connection that was handed over within the next turns of the loop,
  // or after a TLS handshake.
  static constexpr uint64_t kPassNs = 1'000'000'000;
  static constexpr size_t kMostPasses = 256;

  std::vector<Pass> passes_;  // the oldest first
};

}  // namespace spillway
