#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

struct sockaddr;

namespace spillway {

/// A range of IP addresses: all that begin with the same bits. IPv4 addresses count as mapped to
/// IPv6 (RFC 4291, section 2.5.5.2).
class AddressRange final {
 public:
  static constexpr size_t kBytes = 16;
  using Address = std::array<uint8_t, kBytes>;

  /// An address, or one in CIDR notation (RFC 4632): `10.0.0.0/8`.
  static std::optional<AddressRange> Parse(const std::string& text);
  /// Returns nothing for a Unix domain socket.
  static std::optional<Address> AddressOf(const sockaddr& peer);

  bool Contains(const Address& address) const;

 private:
  AddressRange(const Address& first, size_t bits) : first_(first), bits_(bits) {}

  Address first_;
  size_t bits_;
};

}  // namespace spillway
