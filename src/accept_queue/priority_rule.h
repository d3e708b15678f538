#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accept_queue/address_range.h"
#include "accept_queue/path_patterns.h"
#include "admission/priority_cutoff.h"

namespace spillway {

/// What makes requests more or less important: the options `priority` that native code can read.
/// lib/admission/priorities.js does the same for the requests that Node reads.
struct PriorityRule {
  /// Of requests for these paths: the first that matches counts, so the most specific must come
  /// first. `levels` are their priorities. Requests for other paths have the priority kNormal.
  PathPatterns paths;
  std::vector<Priority> levels;
  /// The header, in lower case, in which a client names a priority. It may raise the priority only
  /// if the client is trusted. Empty: none.
  std::string header;
  std::vector<AddressRange> trusted;

  bool Trusts(const sockaddr& peer) const;
  /// `head`: a complete request head.
  Priority Of(std::string_view path, std::string_view head, bool is_trusted) const;
};

}  // namespace spillway
