#include "accept_queue/path_patterns.h"

#include <algorithm>
#include <iterator>

namespace spillway {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsOfScheme(char c) {
  return IsLetter(c) || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

// The length of scheme and host (RFC 9112, section 3.2.2), or 0 if there are none.
size_t OriginLength(std::string_view target) {
  if (target.empty() || !IsLetter(target.front())) return 0;
  size_t end = 1;
  while (end < target.size() && IsOfScheme(target[end])) ++end;
  constexpr std::string_view kSeparator = "://";
  if (target.substr(end, kSeparator.size()) != kSeparator) return 0;
  return std::min(target.find_first_of("/?", end + kSeparator.size()), target.size());
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A path with one of these may become another path once a server has normalized or decoded it.
constexpr std::string_view kLeaves[] = {"/.", "\\", "%2e", "%2f", "%5c"};

bool MayLeave(std::string_view rest) {
  return std::any_of(std::begin(kLeaves), std::end(kLeaves), [&](std::string_view lower) {
    return std::search(rest.begin(), rest.end(), lower.begin(), lower.end(),
                       [](char a, char b) { return Lower(a) == b; }) != rest.end();
  });
}

// A final slash, and any dots after it, may be the beginning of a dot segment.
size_t RestBegin(std::string_view prefix) {
  const size_t name_end = prefix.find_last_not_of('.');
  const bool is_slash = name_end != std::string_view::npos && prefix[name_end] == '/';
  return is_slash ? name_end : prefix.size();
}

bool Matches(std::string_view pattern, std::string_view path) {
  if (pattern.empty() || pattern.back() != '*') return path == pattern;
  pattern.remove_suffix(1);
  return path.substr(0, pattern.size()) == pattern && !MayLeave(path.substr(RestBegin(pattern)));
}

}  // namespace

std::string_view PathOfTarget(std::string_view target) {
  target.remove_prefix(OriginLength(target));
  const std::string_view path = target.substr(0, target.find('?'));
  return path.empty() ? "/" : path;
}

std::optional<size_t> PathPatterns::Find(std::string_view path) const {
  for (size_t i = 0; i < patterns_.size(); ++i) {
    if (Matches(patterns_[i], path)) return i;
  }
  return std::nullopt;
}

}  // namespace spillway
