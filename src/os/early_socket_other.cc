#include "os/early_socket.h"

namespace spillway::early_socket {

bool Available() { return false; }
uint64_t Identity(int /*fd*/) { return 0; }
int Accept(int /*listening_fd*/, sockaddr_storage* /*peer*/) { return kNone; }
std::optional<std::string_view> Peek(int /*fd*/, char* /*buffer*/, size_t /*size*/) {
  return std::nullopt;
}
std::optional<size_t> Unread(int /*fd*/) { return std::nullopt; }
Rest Discard(int /*fd*/) { return Rest::kEnded; }
void Answer(int /*fd*/, std::string_view /*bytes*/) {}
void EndAnswer(int /*fd*/) {}
void Close(int /*fd*/) {}

}  // namespace spillway::early_socket
