#include "accept_queue/http_head.h"

#include <algorithm>
#include <array>

#include "accept_queue/text.h"

namespace spillway {
namespace {

constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};
constexpr std::string_view kVersion10 = "HTTP/1.0\r\n";
constexpr std::string_view kVersion11 = "HTTP/1.1\r\n";
constexpr std::string_view kEndOfLine = "\r\n";

// Of these headers, Node uses the first (the documentation of `message.headers`).
constexpr std::string_view kSingle[] = {"age",
                                        "authorization",
                                        "content-length",
                                        "content-type",
                                        "etag",
                                        "expires",
                                        "from",
                                        "host",
                                        "last-modified",
                                        "location",
                                        "if-modified-since",
                                        "if-unmodified-since",
                                        "max-forwards",
                                        "referer",
                                        "proxy-authorization",
                                        "retry-after",
                                        "server",
                                        "user-agent"};

// A request with a longer Content-Length is left to Node: a server that uses doubles reads only up
// to 15 digits exactly, and no client announces more.
constexpr size_t kMostDigits = 15;

// Classes of bytes, one bit each.
constexpr uint8_t kUpperCase = 1;
constexpr uint8_t kVisible = 2;
constexpr uint8_t kText =
    4;  // in a field value: visible characters, blanks, and bytes beyond ASCII
constexpr uint8_t kToken = 8;  // tchar of RFC 9110, section 5.6.2

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool IsLetter(char c) { return Lower(c) >= 'a' && Lower(c) <= 'z'; }

constexpr uint8_t ClassesOf(uint8_t byte) {
  const char c = static_cast<char>(byte);
  const bool is_visible = byte > ' ' && byte < 0x7f;
  const bool is_text = byte == '\t' || (byte >= ' ' && byte != 0x7f);
  const bool is_token =
      IsLetter(c) || IsDigit(c) ||
      (byte != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
  return static_cast<uint8_t>((c >= 'A' && c <= 'Z' ? kUpperCase : 0) |
                              (is_visible ? kVisible : 0) | (is_text ? kText : 0) |
                              (is_token ? kToken : 0));
}

constexpr std::array<uint8_t, 256> ByteClasses() {
  std::array<uint8_t, 256> classes{};
  for (size_t byte = 0; byte < classes.size(); ++byte) {
    classes[byte] = ClassesOf(static_cast<uint8_t>(byte));
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kByteClasses = ByteClasses();

bool Is(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return Lower(a) == b; });
}

bool Contains(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end();
}

bool BeginsWith(std::string_view text, std::string_view begin) {
  return text.substr(0, begin.size()) == begin;
}

// Origin form, or absolute form as proxies send it (RFC 9112, section 3.2).
bool IsTarget(std::string_view target) {
  if (target.empty()) return false;
  if (target.front() == '/') return true;
  const size_t scheme = target.find("://");
  return scheme != std::string_view::npos && scheme > 0 && IsLetter(target.front());
}

}  // namespace

std::string HeaderOf(std::string_view head, std::string_view lower) {
  const bool is_single =
      std::find(std::begin(kSingle), std::end(kSingle), lower) != std::end(kSingle);
  const std::string_view separator = lower == "cookie" ? "; " : ", ";
  std::string joined;
  bool is_found = false;
  for (size_t begin = head.find(kEndOfLine); begin != std::string_view::npos;) {
    begin += kEndOfLine.size();
    const size_t end = head.find(kEndOfLine, begin);
    const std::string_view line = head.substr(begin, end - begin);
    begin = end;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !Is(line.substr(0, colon), lower)) continue;
    if (is_found) joined += separator;
    joined += Trim(line.substr(colon + 1));
    is_found = true;
    if (is_single) break;
  }
  return joined;
}

HttpHead HttpHeadReader::Read(std::string_view bytes) {
  bytes_read_ = bytes.size();
  const bool is_cut = bytes.size() >= HttpHead::kMostBytes;
  bytes = bytes.substr(0, HttpHead::kMostBytes);
  HttpHead head{};
  head.kind = Kind::kRequest;
  while (head.kind == Kind::kRequest && part_ != Part::kEnd) head.kind = ReadPart(bytes);
  if (head.kind == Kind::kIncomplete && is_cut) head.kind = Kind::kOther;
  if (head.kind == Kind::kRequest && !IsPlain()) head.kind = Kind::kOther;
  if (head.kind != Kind::kRequest) return head;
  head.is_head = is_head_;
  head.has_body = has_length_ || encodings_ > 0;
  head.websocket = names_websocket_ && connection_upgrades_;
  head.length = position_;
  head.target = target_.Of(bytes);
  return head;
}

// Each function below reads one piece. It returns kRequest if the piece is complete, so that the
// next one can be read; kIncomplete if the rest may still arrive; kOther if the bytes are not a
// plain request.
HttpHead::Kind HttpHeadReader::ReadPart(std::string_view bytes) {
  switch (part_) {
    case Part::kMethod:
      return ReadMethod(bytes);
    case Part::kTarget:
      return ReadTarget(bytes);
    case Part::kVersion:
      return ReadVersion(bytes);
    case Part::kName:
      return ReadName(bytes);
    case Part::kValue:
      return ReadValue(bytes);
    case Part::kEnd:
      break;
  }
  return Kind::kRequest;
}

HttpHead::Kind HttpHeadReader::ReadMethod(std::string_view bytes) {
  Piece piece;
  const Kind kind = Take(bytes, kUpperCase, " ", &piece);
  const std::string_view method = piece.Of(bytes);
  const auto is_begun = [&](std::string_view known) {
    return BeginsWith(known, method) &&
           (kind == Kind::kIncomplete || known.size() == method.size());
  };
  if (std::none_of(std::begin(kMethods), std::end(kMethods), is_begun)) return Kind::kOther;
  is_head_ = method == "HEAD";
  if (kind == Kind::kRequest) part_ = Part::kTarget;
  return kind;
}

HttpHead::Kind HttpHeadReader::ReadTarget(std::string_view bytes) {
  const Kind kind = Take(bytes, kVisible, " ", &target_);
  if (kind != Kind::kRequest) return kind;
  if (!IsTarget(target_.Of(bytes))) return Kind::kOther;
  part_ = Part::kVersion;
  return kind;
}

HttpHead::Kind HttpHeadReader::ReadVersion(std::string_view bytes) {
  const Kind of_11 = TakeText(bytes, kVersion11);
  const Kind kind = of_11 == Kind::kOther ? TakeText(bytes, kVersion10) : of_11;
  if (kind != Kind::kRequest) return kind;
  is_11_ = of_11 == Kind::kRequest;
  part_ = Part::kName;
  return kind;
}

HttpHead::Kind HttpHeadReader::ReadName(std::string_view bytes) {
  if (position_ == begin_) {
    const Kind end = TakeText(bytes, kEndOfLine);
    if (end == Kind::kRequest) part_ = Part::kEnd;
    if (end != Kind::kOther) return end;
  }
  const Kind kind = Take(bytes, kToken, ":", &name_);
  if (kind != Kind::kRequest) return kind;
  if (name_.size == 0) return Kind::kOther;
  part_ = Part::kValue;
  return kind;
}

HttpHead::Kind HttpHeadReader::ReadValue(std::string_view bytes) {
  Piece value;
  const Kind kind = Take(bytes, kText, kEndOfLine, &value);
  if (kind != Kind::kRequest) return kind;
  AddField(name_.Of(bytes), Trim(value.Of(bytes)));
  part_ = Part::kName;
  return kind;
}

// Reads bytes of the class `wanted`, and the text `end` after them.
HttpHead::Kind HttpHeadReader::Take(std::string_view bytes, uint8_t wanted, std::string_view end,
                                    Piece* piece) {
  const auto is_wanted = [&](char c) {
    return (kByteClasses[static_cast<uint8_t>(c)] & wanted) != 0;
  };
  while (position_ < bytes.size() && is_wanted(bytes[position_])) ++position_;
  *piece = {begin_, position_ - begin_};
  return TakeText(bytes, end);
}

HttpHead::Kind HttpHeadReader::TakeText(std::string_view bytes, std::string_view text) {
  const std::string_view there = bytes.substr(position_, text.size());
  if (!BeginsWith(text, there)) return Kind::kOther;
  if (there.size() < text.size()) return Kind::kIncomplete;
  position_ += text.size();
  begin_ = position_;
  return Kind::kRequest;
}

void HttpHeadReader::AddField(std::string_view name, std::string_view value) {
  if (Is(name, "host")) {
    ++hosts_;
  } else if (Is(name, "content-length")) {
    ++lengths_;
    has_length_ = !Is(value, "0");
    is_odd_ |= value.empty() || value.size() > kMostDigits ||
               !std::all_of(value.begin(), value.end(), IsDigit);
  } else if (Is(name, "transfer-encoding")) {
    ++encodings_;
    is_odd_ |= !Is(value, "chunked");
  } else if (Is(name, "upgrade")) {
    names_websocket_ |= Is(value, "websocket");
  } else if (Is(name, "connection")) {
    connection_upgrades_ |= Contains(value, "upgrade");
  }
}

// Whether every server reads this head in the same way.
bool HttpHeadReader::IsPlain() const {
  return !is_odd_ && lengths_ + encodings_ <= 1 && hosts_ <= 1 && (hosts_ == 1 || !is_11_) &&
         (encodings_ == 0 || is_11_);
}

}  // namespace spillway
