#pragma once

#include <cstdint>
#include <string>
#include <string_view>

struct sockaddr;

namespace spillway {

/// The names by which the option `fairBy` knows clients that are told apart by address. A client is
/// an IPv4 address, or an IPv6 network of 64 bits, of which a customer of a provider has at least
/// one (RFC 6177). JavaScript and the spill use the same functions, so a client has one name.

/// An IPv4 address mapped to IPv6 counts as the IPv4 address. Text that is not an address is
/// returned as it is.
std::string ClientOfAddress(std::string_view address);

/// Returns an empty string for a Unix domain socket.
std::string ClientOfSocket(const sockaddr& address);

/// The client in a header that lists the addresses through which a request has come:
/// X-Forwarded-For, or Forwarded (RFC 7239). Each proxy appends the address of its client, so of
/// `proxies` trusted ones, the outermost has written the element with that number, counted from the
/// right. Returns an empty string if there are fewer elements.
std::string ClientOfForwarded(std::string_view header, uint32_t proxies);

}  // namespace spillway
