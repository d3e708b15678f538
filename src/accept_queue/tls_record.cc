#include "accept_queue/tls_record.h"

#include <cstddef>

namespace spillway {
namespace {

// Type, version and length of a record.
constexpr size_t kHeaderBytes = 5;
constexpr uint8_t kHandshake = 22;
// SSL 3.0 and every version of TLS.
constexpr uint8_t kMajorVersion = 3;

uint8_t ByteAt(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

}  // namespace

TlsBeginning ReadTlsBeginning(std::string_view bytes) {
  if (bytes.empty()) return TlsBeginning::kIncomplete;
  if (ByteAt(bytes, 0) != kHandshake) return TlsBeginning::kOther;
  if (bytes.size() < 2) return TlsBeginning::kIncomplete;
  if (ByteAt(bytes, 1) != kMajorVersion) return TlsBeginning::kOther;
  if (bytes.size() < kHeaderBytes) return TlsBeginning::kIncomplete;
  const size_t length = size_t{ByteAt(bytes, 3)} << 8 | ByteAt(bytes, 4);
  const bool has_come = bytes.size() - kHeaderBytes >= length;
  return has_come ? TlsBeginning::kComplete : TlsBeginning::kIncomplete;
}

}  // namespace spillway
