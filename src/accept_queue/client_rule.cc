#include "accept_queue/client_rule.h"

#include "accept_queue/client_address.h"
#include "accept_queue/http_head.h"

namespace spillway {
namespace {

/// The client of all requests that do not name one.
constexpr const char* kNoClient = "(none)";

std::string OrNone(std::string name) { return name.empty() ? kNoClient : std::move(name); }

}  // namespace

std::string ClientRule::NameOf(const std::string& address, std::string_view head) const {
  if (header.empty()) return OrNone(address);
  std::string value = HeaderOf(head, header);
  if (proxies == 0) return OrNone(std::move(value));
  std::string client = ClientOfForwarded(value, proxies);
  return client.empty() ? OrNone(address) : client;
}

}  // namespace spillway
