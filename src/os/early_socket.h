#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// System calls on connections that Node has not seen. None of them blocks.
namespace spillway::early_socket {

/// True where this system has all of it.
bool Available();

/// Which socket this is, since a descriptor's number is used again; 0 if it is none.
uint64_t Identity(int fd);

constexpr int kNone = -1;  // nobody waits
constexpr int kFull = -2;  // no descriptors are left, or no memory

/// The oldest connection of a listening socket: its descriptor, to be closed by the caller, or one
/// of the above.
int Accept(int listening_fd);

/// What has come and is not read; it stays. Empty text where nothing has come yet, nothing where
/// nothing will.
std::optional<std::string_view> Peek(int fd, char* buffer, size_t size);

/// How many bytes have come that nobody has read; nothing where that cannot be told. Cheaper than
/// Peek().
std::optional<size_t> Unread(int fd);

enum class Rest : uint8_t { kMayCome, kEnded };

/// Drops what has come.
Rest Discard(int fd);

/// Says that all was said, but only once Close() or EndAnswer() follows. What does not fit into the
/// socket's buffer is lost.
void Answer(int fd, std::string_view bytes);
void EndAnswer(int fd);

/// Resets the connection where something has come that was not dropped.
void Close(int fd);

}  // namespace spillway::early_socket
