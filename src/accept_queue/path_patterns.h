#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spillway {

/// The path of a request's target as it was sent: without its query and, in absolute form, without
/// scheme and host. The same as lib/target.js.
std::string_view PathOfTarget(std::string_view target);

/// Paths, of which a final `*` stands for any ending that cannot lead out of what precedes it. The
/// same as lib/exempt.js.
class PathPatterns final {
 public:
  explicit PathPatterns(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  bool Match(std::string_view path) const;

 private:
  const std::vector<std::string> patterns_;
};

}  // namespace spillway
