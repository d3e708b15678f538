#pragma once

#include <cstddef>
#include <string_view>

namespace spillway {

/// Without the blanks around it (OWS in RFC 9110, section 5.6.3).
inline std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace spillway
