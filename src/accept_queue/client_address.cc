#include "accept_queue/client_address.h"

#include <uv.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "accept_queue/text.h"

namespace spillway {
namespace {

constexpr size_t kIpv6Bytes = 16;
constexpr size_t kNetworkBytes = 8;
constexpr size_t kIpv4Bytes = 4;
constexpr size_t kMostText = 64;
// An IPv4 address mapped to IPv6 begins with these bytes (RFC 4291, section 2.5.5.2).
constexpr uint8_t kMapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
static_assert(sizeof(kMapped) + kIpv4Bytes == kIpv6Bytes);

constexpr std::string_view kFor = "for=";

std::string Ipv4(const uint8_t* bytes) {
  char text[kMostText];
  return uv_inet_ntop(AF_INET, bytes, text, sizeof(text)) == 0 ? text : std::string();
}

std::string Ipv6(const uint8_t* bytes) {
  if (std::equal(std::begin(kMapped), std::end(kMapped), bytes))
    return Ipv4(bytes + sizeof(kMapped));
  uint8_t network[kIpv6Bytes] = {};
  std::copy_n(bytes, kNetworkBytes, network);
  char text[kMostText];
  const bool ok = uv_inet_ntop(AF_INET6, network, text, sizeof(text)) == 0;
  return ok ? std::string(text) + "/64" : std::string();
}

std::optional<std::string> Parsed(std::string_view text) {
  text = text.substr(0, text.find('%'));  // the zone of a link-local address
  char copy[kMostText] = {};
  if (text.size() >= sizeof(copy)) return std::nullopt;
  std::copy(text.begin(), text.end(), copy);
  uint8_t bytes[kIpv6Bytes];
  if (uv_inet_pton(AF_INET, copy, bytes) == 0) return Ipv4(bytes);
  if (uv_inet_pton(AF_INET6, copy, bytes) == 0) return Ipv6(bytes);
  return std::nullopt;
}

// Without the port, and the brackets that an IPv6 address then needs.
std::string_view WithoutPort(std::string_view text) {
  if (!text.empty() && text.front() == '[') return text.substr(1, text.find(']') - 1);
  const size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
  return has_port ? text.substr(0, colon) : text;
}

bool BeginsWithFor(std::string_view text) {
  return text.size() >= kFor.size() &&
         std::equal(kFor.begin(), kFor.end(), text.begin(),
                    [](char lower, char c) { return lower == (c | 0x20); });
}

// Where the last of these bytes is, outside of quoted strings (RFC 9110, section 5.6.4). Reads from
// the right, where the proxies write: what a client has sent, further left, cannot change the
// result.
size_t LastOutsideQuotes(std::string_view text, char wanted) {
  bool is_quoted = false;
  for (size_t i = text.size(); i-- > 0;) {
    const bool is_escaped = i > 0 && text[i - 1] == '\\';
    if (text[i] == '"' && !is_escaped) is_quoted = !is_quoted;
    if (text[i] == wanted && !is_quoted) return i;
  }
  return std::string_view::npos;
}

// Takes the part of `text` after the last `separator`, or all of it.
std::string_view TakeLast(std::string_view* text, char separator) {
  const size_t at = LastOutsideQuotes(*text, separator);
  const std::string_view last = at == std::string_view::npos ? *text : text->substr(at + 1);
  *text = at == std::string_view::npos ? std::string_view() : text->substr(0, at);
  return Trim(last);
}

// The address in an element of Forwarded: `proto=https;for="[2001:db8::1]:4711"`. An element of
// X-Forwarded-For is an address. Empty if an element of Forwarded has none.
std::string_view AddressOfElement(std::string_view element) {
  if (element.find('=') == std::string_view::npos) return element;
  while (!element.empty()) {
    std::string_view pair = TakeLast(&element, ';');
    if (!BeginsWithFor(pair)) continue;
    pair.remove_prefix(kFor.size());
    const bool is_quoted = pair.size() >= 2 && pair.front() == '"' && pair.back() == '"';
    return is_quoted ? pair.substr(1, pair.size() - 2) : pair;
  }
  return {};
}

}  // namespace

std::string ClientOfAddress(std::string_view address) {
  if (auto parsed = Parsed(address)) return *parsed;
  if (auto parsed = Parsed(WithoutPort(address))) return *parsed;
  return std::string(address);
}

std::string ClientOfSocket(const sockaddr& address) {
  if (address.sa_family == AF_INET)
    return Ipv4(
        reinterpret_cast<const uint8_t*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr));
  if (address.sa_family == AF_INET6)
    return Ipv6(reinterpret_cast<const uint8_t*>(
        &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr));
  return {};
}

std::string ClientOfForwarded(std::string_view header, uint32_t proxies) {
  std::string_view element;
  for (uint32_t i = 0; i < proxies; ++i) {
    if (Trim(header).empty()) return {};
    element = TakeLast(&header, ',');
  }
  return ClientOfAddress(AddressOfElement(element));
}

}  // namespace spillway
