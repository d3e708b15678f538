// A libFuzzer target for what the spill reads of a TLS connection: the header of its first record.
// It compares each result with a simpler parse of the same bytes.

#include "accept_queue/tls_record.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "check.h"

namespace {

using spillway::ReadTlsBeginning;
using spillway::TlsBeginning;

// The target reads about this many prefixes of an input, or every prefix if there are fewer.
constexpr size_t kPrefixes = 64;

// The header of an empty record: a handshake, version 3.1, a length of two bytes.
constexpr std::string_view kHeader("\x16\x03\x01\x00\x00", 5);
// Versions differ in the third byte.
constexpr std::string_view kBegin = kHeader.substr(0, 2);

// Reads a copy of exactly these bytes, so that the sanitizer notices a read beyond them.
TlsBeginning Read(std::string_view bytes) {
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return ReadTlsBeginning({copy.data(), copy.size()});
}

// The length of the record that begins with this header.
size_t RecordBytes(std::string_view header) {
  return kHeader.size() + static_cast<uint8_t>(header[3]) * 256 + static_cast<uint8_t>(header[4]);
}

TlsBeginning Expected(std::string_view bytes) {
  if (bytes.substr(0, kBegin.size()) != kBegin.substr(0, bytes.size())) return TlsBeginning::kOther;
  const bool is_complete = bytes.size() >= kHeader.size() && bytes.size() >= RecordBytes(bytes);
  return is_complete ? TlsBeginning::kComplete : TlsBeginning::kIncomplete;
}

void CheckPrefix(std::string_view bytes, TlsBeginning whole, size_t length) {
  const TlsBeginning part = Read(bytes.substr(0, length));
  Check(part == TlsBeginning::kIncomplete || part == whole,
        "more bytes change only what was incomplete");
  if (whole != TlsBeginning::kComplete) return;
  Check((part == TlsBeginning::kComplete) == (length >= RecordBytes(bytes)),
        "a record is complete as soon as its last byte has come");
}

// Cuts the bytes to the end of their first record, or adds what is missing of it.
void CheckEndOfRecord(std::string_view bytes) {
  std::string record(bytes);
  if (record.size() < kHeader.size()) record += kHeader.substr(record.size());
  record.resize(RecordBytes(record));
  Check(Read(record) == TlsBeginning::kComplete, "a record is complete with its last byte");
  Check(Read(record + '\x16') == TlsBeginning::kComplete, "bytes after a record change nothing");
  record.pop_back();
  Check(Read(record) == TlsBeginning::kIncomplete, "a record is incomplete before its last byte");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const TlsBeginning whole = Read(bytes);
  Check(whole == Expected(bytes), "the result is that of the simpler parse");
  const size_t step = std::max<size_t>(1, size / kPrefixes);
  for (size_t length = 0; length < size; length += step) CheckPrefix(bytes, whole, length);
  if (whole != TlsBeginning::kOther) CheckEndOfRecord(bytes);
  return 0;
}
