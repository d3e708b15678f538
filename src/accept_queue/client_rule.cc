#include "accept_queue/client_rule.h"

#include <utility>

#include "accept_queue/client_address.h"
#include "accept_queue/http_head.h"

namespace spillway {
namespace {

/// The client of all requests that do not name one.
constexpr const char* kNoClient = "(none)";

std::string OrNone(std::string name) { return name.empty() ? kNoClient : std::move(name); }

// Node reads the bytes of a header as Latin-1.
std::string Utf8OfLatin1(std::string_view bytes) {
  constexpr uint8_t kAscii = 0x80;
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < kAscii) {
      text += c;
    } else {
      text += static_cast<char>(0xC0 | (byte >> 6));
      text += static_cast<char>(kAscii | (byte & 0x3F));
    }
  }
  return text;
}

}  // namespace

std::string ClientRule::NameOf(const std::string& address, std::string_view head) const {
  if (header.empty()) return OrNone(address);
  std::string value = Utf8OfLatin1(HeaderOf(head, header));
  if (proxies == 0) return OrNone(std::move(value));
  std::string client = ClientOfForwarded(value, proxies);
  return client.empty() ? OrNone(address) : client;
}

}  // namespace spillway
