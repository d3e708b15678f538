#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

struct sockaddr_storage;

/// System calls on connections that Node has not seen. None of them blocks.
namespace spillway::early_socket {

/// Whether this system has all of them.
bool Available();

/// Identifies the socket behind `fd`, because descriptor numbers are reused. 0 if `fd` is not a
/// socket.
uint64_t Identity(int fd);

constexpr int kNone = -1;  // no connection waits
constexpr int kFull = -2;  // no descriptor is left, or no memory

/// Accepts the oldest connection of a listening socket. Returns its descriptor, which the caller
/// must close, or one of the above. `peer`: receives the address of the client, unless it is null.
int Accept(int listening_fd, sockaddr_storage* peer = nullptr);

/// Reads the bytes that have arrived, without removing them. Returns an empty view if nothing has
/// arrived yet, and std::nullopt if nothing will arrive.
std::optional<std::string_view> Peek(int fd, char* buffer, size_t size);

/// How many bytes have arrived and not been read; std::nullopt if that is unknown. Cheaper than
/// Peek().
std::optional<size_t> Unread(int fd);

enum class Rest : uint8_t { kMayCome, kEnded };

/// Drops the bytes that have arrived. Returns whether more may arrive.
Rest Discard(int fd);

/// Sends a response. Close() or EndAnswer() must follow; until then the bytes may be held back.
/// Bytes that do not fit into the socket's buffer are lost.
void Answer(int fd, std::string_view bytes);
/// Closes the sending direction.
void EndAnswer(int fd);

/// Closes the connection. This resets it if bytes have arrived that were not dropped.
void Close(int fd);

}  // namespace spillway::early_socket
