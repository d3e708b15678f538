// A libFuzzer target for the kernel's answer about a listening Unix socket. It compares each result
// with a simpler parse of the same bytes, which knows only where the kernel puts each field.

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "os/accept_queue_length.h"

namespace {

using spillway::ParseUnixQueueLength;
using Length = std::optional<uint32_t>;

// The target reads about this many prefixes of an input, or every prefix if there are fewer.
constexpr size_t kPrefixes = 64;

constexpr int kBitsOfInode = 32;

// Offsets in an answer, bytes: its length (4 bytes), type (2), the socket's state (1) and inode
// (4). Attributes follow, each at a multiple of 4: length (2), type (2), value. See netlink.h and
// unix_diag.h in the kernel's include/uapi/linux/.
constexpr size_t kTypeAt = 4;
constexpr size_t kStateAt = 18;
constexpr size_t kInodeAt = 20;
constexpr size_t kAttributesAt = 32;
constexpr size_t kAttributeTypeAt = 2;
constexpr size_t kAttributeValueAt = 4;
constexpr size_t kAlignment = 4;

constexpr uint16_t kAnswer = 20;       // SOCK_DIAG_BY_FAMILY
constexpr uint8_t kListening = 10;     // TCP_LISTEN
constexpr uint16_t kQueueLengths = 4;  // UNIX_DIAG_RQLEN: the present length and the backlog
constexpr size_t kQueueLengthsBytes = 8;
constexpr uint16_t kTypeBits = 0x3fff;  // the two others are flags

// A number in the byte order of the machine, as the kernel writes it.
template <typename T>
T NumberAt(std::string_view bytes, size_t offset) {
  T number;
  std::memcpy(&number, bytes.substr(offset, sizeof(number)).data(), sizeof(number));
  return number;
}

// Reads a copy of exactly these bytes, so that the sanitizer notices a read beyond them.
Length Read(std::string_view answer, uint32_t inode) {
  const std::vector<char> copy(answer.begin(), answer.end());
  return ParseUnixQueueLength({copy.data(), copy.size()}, inode);
}

// The queue's length in the attributes from this offset on.
Length ExpectedIn(std::string_view answer, size_t at) {
  if (at + kAttributeValueAt > answer.size()) return std::nullopt;
  const size_t length = NumberAt<uint16_t>(answer, at);
  if (length < kAttributeValueAt || at + length > answer.size()) return std::nullopt;
  const auto type = NumberAt<uint16_t>(answer, at + kAttributeTypeAt) & kTypeBits;
  const size_t next = at + (length + kAlignment - 1) / kAlignment * kAlignment;
  if (type != kQueueLengths) return ExpectedIn(answer, next);
  if (length < kAttributeValueAt + kQueueLengthsBytes) return std::nullopt;
  return NumberAt<uint32_t>(answer, at + kAttributeValueAt);
}

Length Expected(std::string_view bytes, uint32_t inode) {
  if (bytes.size() < kAttributesAt) return std::nullopt;
  const size_t length = NumberAt<uint32_t>(bytes, 0);
  if (length > bytes.size()) return std::nullopt;
  const std::string_view answer = bytes.substr(0, length);
  const bool is_about_it = answer.size() >= kAttributesAt &&
                           NumberAt<uint16_t>(answer, kTypeAt) == kAnswer &&
                           NumberAt<uint8_t>(answer, kStateAt) == kListening &&
                           NumberAt<uint32_t>(answer, kInodeAt) == inode;
  return is_about_it ? ExpectedIn(answer, kAttributesAt) : std::nullopt;
}

void CheckOtherInodes(std::string_view bytes, uint32_t inode) {
  for (int bit = 0; bit < kBitsOfInode; ++bit) {
    Check(!Read(bytes, inode ^ uint32_t{1} << bit), "an answer tells nothing of another socket");
  }
}

void CheckPrefix(std::string_view bytes, uint32_t inode, Length whole, size_t length) {
  const Length part = Read(bytes.substr(0, length), inode);
  Check(!part || part == whole, "an answer that was cut gives no other length");
}

void CheckMoreBytes(std::string_view bytes, uint32_t inode, Length whole) {
  std::string twice(bytes);
  twice += bytes;
  Check(Read(twice, inode) == whole, "bytes after an answer change nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool has_inode = size >= kInodeAt + sizeof(uint32_t);
  const uint32_t inode = has_inode ? NumberAt<uint32_t>(bytes, kInodeAt) : 0;
  const Length whole = Read(bytes, inode);
  Check(whole == Expected(bytes, inode), "the result is that of the simpler parse");
  CheckOtherInodes(bytes, inode);
  const size_t step = std::max<size_t>(1, size / kPrefixes);
  for (size_t length = 0; length < size; length += step) CheckPrefix(bytes, inode, whole, length);
  if (has_inode && NumberAt<uint32_t>(bytes, 0) <= size) CheckMoreBytes(bytes, inode, whole);
  return 0;
}
