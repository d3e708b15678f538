#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spillway {

/// The path of a request target as it was sent: without the query and, in absolute form, without
/// scheme and host. Must give the same result as lib/requests/target.js.
std::string_view PathOfTarget(std::string_view target);

/// A list of paths. A final `*` matches any ending that cannot lead to a path outside of the
/// prefix. Must give the same result as lib/gate/exempt.js.
class PathPatterns final {
 public:
  explicit PathPatterns(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  bool Match(std::string_view path) const;

 private:
  const std::vector<std::string> patterns_;
};

}  // namespace spillway
