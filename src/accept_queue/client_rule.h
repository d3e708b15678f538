#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spillway {

/// What tells clients apart: the options `fairBy` that native code can read.
struct ClientRule {
  /// The client is the value of this header, in lower case. If it is empty, the client is the
  /// address of the connection.
  std::string header;
  /// If not 0, the header is a list of addresses: see ClientOfForwarded().
  uint32_t proxies = 0;

  /// `address`: the name of the connection's address. `head`: a complete request head, unless the
  /// rule is the address. lib/admission/clients.js does the same for the requests that Node reads.
  std::string NameOf(const std::string& address, std::string_view head) const;
};

}  // namespace spillway
