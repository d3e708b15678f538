#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spillway {

/// The path of a request target as it was sent: without the query and, in absolute form, without
/// scheme and host. Must give the same result as lib/requests/target.js.
std::string_view PathOfTarget(std::string_view target);

/// A list of paths. A final `*` matches any ending that cannot lead to a path outside of the
/// prefix. Must give the same result as lib/requests/path-patterns.js.
class PathPatterns final {
 public:
  explicit PathPatterns(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  /// The position in the list of the first pattern that matches.
  std::optional<size_t> Find(std::string_view path) const;
  bool Match(std::string_view path) const { return Find(path).has_value(); }

 private:
  const std::vector<std::string> patterns_;
};

}  // namespace spillway
