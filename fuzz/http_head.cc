// A libFuzzer target for the spill's HTTP parser, which reads the first bytes that a client sends.
// Besides running under the sanitizers, it compares each result with a simpler parse of the same
// bytes.

#include "accept_queue/http_head.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <string_view>

#include "accept_queue/path_patterns.h"
#include "check.h"

namespace {

using spillway::HttpHead;
using spillway::HttpHeadReader;
using Kind = HttpHead::Kind;

// The target reads about this many prefixes of an input, or every prefix if there are fewer.
constexpr size_t kPrefixes = 64;

// The sizes of the pieces in which an input arrives, bytes.
constexpr size_t kPieces[] = {1, 2, 7, 100, 1000};

// A size is skipped for an input that it would split into more pieces than this.
constexpr size_t kMostPieces = 300;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  return lower;
}

// Reads a copy of exactly these bytes, so that the sanitizer notices a read beyond them. The reader
// may already have read the first of them, from another copy.
HttpHead Read(std::string_view bytes, HttpHeadReader* reader) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  HttpHead head = reader->Read({copy.get(), bytes.size()});
  Check(reader->BytesRead() == bytes.size(), "the reader reports how many bytes it was given");
  if (head.kind == Kind::kRequest) {
    const auto begin = static_cast<size_t>(head.target.data() - copy.get());
    const std::string host = spillway::HeaderOf({copy.get(), head.length}, "host");
    Check(host.size() < head.length, "a header is shorter than the head");
    Check(begin + head.target.size() <= head.length, "the target lies within the head");
    head.target = bytes.substr(begin, head.target.size());
  }
  return head;
}

HttpHead Read(std::string_view bytes) {
  HttpHeadReader reader;
  return Read(bytes, &reader);
}

void CheckRequest(std::string_view bytes, const HttpHead& head) {
  Check(head.length <= std::min(bytes.size(), HttpHead::kMostBytes), "a head is complete, and within the longest length");
  const std::string text = Lower(bytes.substr(0, head.length));
  Check(text.find("\r\n\r\n") == text.size() - 4, "a head ends at the first empty line");
  Check(std::count(text.begin(), text.end(), '\n') == std::count(text.begin(), text.end(), '\r'),
        "lines end in CR LF");
  Check(text.find('\0') == std::string::npos, "no NUL");
  bool body = false;
  bool names_websocket = false;
  bool upgrades = false;
  for (size_t at = text.find("\r\n") + 2; at < text.size() - 2; at = text.find("\r\n", at) + 2) {
    const std::string line = text.substr(at, text.find("\r\n", at) - at);
    const size_t colon = line.find(':');
    Check(colon != std::string::npos && colon > 0, "a field has a name");
    const std::string name = line.substr(0, colon);
    Check(name.find_first_of(" \t") == std::string::npos, "a name has no blanks");
    const std::string value = line.substr(colon + 1);
    std::string bare = value;
    bare.erase(std::remove_if(bare.begin(), bare.end(), [](char c) { return c == ' ' || c == '\t'; }),
               bare.end());
    body |= name == "transfer-encoding" || (name == "content-length" && bare != "0");
    names_websocket |= name == "upgrade" && bare == "websocket" && value.find("websocket") != std::string::npos;
    upgrades |= name == "connection" && value.find("upgrade") != std::string::npos;
  }
  Check(head.has_body == body, "the reader finds out whether a body is announced");
  Check(!head.websocket || (names_websocket && upgrades), "only a WebSocket handshake is reported as one");
  Check(head.websocket || !names_websocket || !upgrades, "no WebSocket handshake is reported as a plain request");
  Check(head.is_head == (text.rfind("head ", 0) == 0), "only HEAD is reported as HEAD");
}

void CheckPieces(std::string_view bytes, const HttpHead& whole, size_t piece) {
  if (bytes.size() / piece > kMostPieces) return;
  HttpHeadReader reader;
  HttpHead head{};
  for (size_t come = 0;; come = std::min(come + piece, bytes.size())) {
    head = Read(bytes.substr(0, come), &reader);
    if (head.kind != Kind::kIncomplete || come == bytes.size()) break;
  }
  Check(head.kind == whole.kind && head.length == whole.length && head.target == whole.target &&
            head.is_head == whole.is_head && head.has_body == whole.has_body &&
            head.websocket == whole.websocket,
        "a head is the same in whatever pieces it arrives");
}

void CheckPrefix(std::string_view bytes, const HttpHead& whole, size_t length) {
  const HttpHead part = Read(bytes.substr(0, length));
  if (whole.kind == Kind::kRequest && length >= whole.length) {
    Check(part.kind == Kind::kRequest && part.length == whole.length && part.target == whole.target &&
              part.has_body == whole.has_body && part.websocket == whole.websocket,
          "bytes after a head change nothing");
  } else if (whole.kind == Kind::kOther) {
    Check(part.kind != Kind::kRequest, "more bytes do not turn an invalid head into a request");
  } else {
    Check(part.kind == Kind::kIncomplete, "a request is incomplete before its last byte");
  }
}

// Whether a server may turn this path into one that does not begin with the same directory.
bool MayLeaveItsDirectory(std::string_view path) {
  const std::string lower = Lower(path);
  return lower.find("/.") != std::string::npos || lower.find('\\') != std::string::npos ||
         lower.find("%2e") != std::string::npos || lower.find("%2f") != std::string::npos ||
         lower.find("%5c") != std::string::npos;
}

void CheckPath(std::string_view target) {
  const std::string_view path = spillway::PathOfTarget(target);
  Check(path == "/" || (path.data() >= target.data() &&
                        path.data() + path.size() <= target.data() + target.size()),
        "the path lies within the target");
  Check(path.find('?') == std::string_view::npos, "a path has no query");
  if (target.front() == '/') {
    Check(path == target.substr(0, target.find('?')), "the path of a target in origin form is unchanged");
  }
  const spillway::PathPatterns patterns({"/health", "/static/*", "/"});
  const bool expected = path == "/health" || path == "/" ||
                        (path.substr(0, 8) == "/static/" && !MayLeaveItsDirectory(path));
  Check(patterns.Match(path) == expected, "a pattern matches the whole path, or its beginning if no more can be meant");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const HttpHead whole = Read(bytes);
  if (whole.kind == Kind::kRequest) {
    CheckRequest(bytes, whole);
    CheckPath(whole.target);
  }
  const size_t step = std::max<size_t>(1, size / kPrefixes);
  for (size_t length = 0; length < size; length += step) CheckPrefix(bytes, whole, length);
  for (const size_t piece : kPieces) CheckPieces(bytes, whole, piece);
  return 0;
}
