#include "accept_queue/address_range.h"

#include <uv.h>

#include <algorithm>
#include <cstdlib>

namespace spillway {
namespace {

constexpr size_t kBitsPerByte = 8;
constexpr size_t kMappedBytes = 12;
constexpr int kDecimal = 10;
constexpr uint8_t kAllBits = 0xFF;

AddressRange::Address Mapped(const uint8_t* ipv4) {
  AddressRange::Address address{};
  address[kMappedBytes - 2] = address[kMappedBytes - 1] = kAllBits;
  std::copy_n(ipv4, address.size() - kMappedBytes, address.begin() + kMappedBytes);
  return address;
}

}  // namespace

std::optional<AddressRange> AddressRange::Parse(const std::string& text) {
  const size_t slash = text.find('/');
  const std::string address = text.substr(0, slash);
  Address bytes{};
  size_t mapped = 0;
  if (uv_inet_pton(AF_INET, address.c_str(), bytes.data()) == 0) {
    bytes = Mapped(bytes.data());
    mapped = kMappedBytes * kBitsPerByte;
  } else if (uv_inet_pton(AF_INET6, address.c_str(), bytes.data()) != 0) {
    return std::nullopt;
  }
  const size_t most = kBytes * kBitsPerByte;
  if (slash == std::string::npos) return AddressRange(bytes, most);
  const size_t bits = std::strtoul(text.c_str() + slash + 1, nullptr, kDecimal) + mapped;
  if (bits > most) return std::nullopt;
  return AddressRange(bytes, bits);
}

std::optional<AddressRange::Address> AddressRange::AddressOf(const sockaddr& peer) {
  if (peer.sa_family == AF_INET)
    return Mapped(
        reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr));
  if (peer.sa_family != AF_INET6) return std::nullopt;
  Address address{};
  std::copy_n(
      reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr),
      address.size(), address.begin());
  return address;
}

bool AddressRange::Contains(const Address& address) const {
  const size_t whole = bits_ / kBitsPerByte;
  if (!std::equal(first_.begin(), first_.begin() + whole, address.begin())) return false;
  const size_t rest = bits_ % kBitsPerByte;
  return rest == 0 || (first_[whole] ^ address[whole]) >> (kBitsPerByte - rest) == 0;
}

}  // namespace spillway
