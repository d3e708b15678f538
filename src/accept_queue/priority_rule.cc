#include "accept_queue/priority_rule.h"

#include <algorithm>
#include <array>
#include <optional>

#include "accept_queue/http_head.h"

namespace spillway {
namespace {

constexpr std::array<std::string_view, PriorityCutoff::kLevels> kNames = {"critical", "important",
                                                                          "normal", "background"};

std::optional<Priority> Named(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    const bool same = std::equal(name.begin(), name.end(), kNames[i].begin(), kNames[i].end(),
                                 [](char c, char lower) { return (c | 0x20) == lower; });
    if (same) return static_cast<Priority>(i);
  }
  return std::nullopt;
}

}  // namespace

bool PriorityRule::Trusts(const sockaddr& peer) const {
  if (trusted.empty()) return false;
  const auto address = AddressRange::AddressOf(peer);
  return address && std::any_of(trusted.begin(), trusted.end(), [&](const AddressRange& range) {
           return range.Contains(*address);
         });
}

Priority PriorityRule::Of(std::string_view path, std::string_view head, bool is_trusted) const {
  const std::optional<size_t> match = paths.Find(path);
  const Priority own = match ? levels[*match] : Priority::kNormal;
  if (header.empty()) return own;
  const std::optional<Priority> named = Named(HeaderOf(head, header));
  return named && (is_trusted || *named > own) ? *named : own;
}

}  // namespace spillway
