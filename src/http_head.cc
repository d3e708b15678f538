#include "http_head.h"

#include <algorithm>

namespace spillway {
namespace {

using Kind = HttpHead::Kind;

constexpr std::string_view kMethods[] = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};

constexpr std::string_view kEndOfLine = "\r\n";

// A Content-Length that a double holds exactly has 15 digits; nobody announces more.
constexpr size_t kMostDigits = 15;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsLetter(char c) { return Lower(c) >= 'a' && Lower(c) <= 'z'; }

// tchar of RFC 9110, section 5.6.2.
bool IsToken(char c) {
  return IsLetter(c) || IsDigit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsVisible(char c) { return c > ' ' && c < '\x7f'; }

// What may stand in a field value: the visible, blanks, and bytes beyond ASCII.
bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

bool Is(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && std::equal(text.begin(), text.end(), lower.begin(),
                                                   [](char a, char b) { return Lower(a) == b; });
}

bool Contains(std::string_view text, std::string_view lower) {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(),
                     [](char a, char b) { return Lower(a) == b; }) != text.end();
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes one piece after the other off the front of the bytes. Every function says whether there
/// was such a piece; if not, whether it may still come.
class Reader final {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  bool AtEnd() const { return position_ == bytes_.size(); }

  /// As many bytes as are `wanted`, and the `end` behind them, which is taken too.
  template <typename Wanted>
  Kind Take(Wanted wanted, std::string_view end, std::string_view* piece) {
    const size_t begin = position_;
    while (!AtEnd() && wanted(bytes_[position_])) ++position_;
    *piece = bytes_.substr(begin, position_ - begin);
    return TakeText(end);
  }

  Kind TakeText(std::string_view text) {
    const std::string_view there = bytes_.substr(position_, text.size());
    if (there != text.substr(0, there.size())) return Kind::kOther;
    if (there.size() < text.size()) return Kind::kIncomplete;
    position_ += text.size();
    return Kind::kRequest;
  }

 private:
  const std::string_view bytes_;
  size_t position_ = 0;
};

// Origin form, or absolute form as proxies send it (RFC 9112, section 3.2).
bool IsTarget(std::string_view target) {
  if (target.empty()) return false;
  if (target.front() == '/') return true;
  const size_t scheme = target.find("://");
  return scheme != std::string_view::npos && scheme > 0 && IsLetter(target.front());
}

/// What the fields of a head add up to.
class Fields final {
 public:
  void Add(std::string_view name, std::string_view value) {
    if (Is(name, "host")) {
      ++hosts_;
    } else if (Is(name, "content-length")) {
      ++lengths_;
      has_length_ = !Is(value, "0");
      odd_ |= value.empty() || value.size() > kMostDigits ||
              !std::all_of(value.begin(), value.end(), IsDigit);
    } else if (Is(name, "transfer-encoding")) {
      ++encodings_;
      odd_ |= !Is(value, "chunked");
    } else if (Is(name, "upgrade")) {
      upgrade_ = true;
    } else if (Is(name, "connection")) {
      upgrade_ |= Contains(value, "upgrade");
    }
  }

  /// Whether this is a head that everybody reads in the same way.
  bool Plain(bool is_11) const {
    return !odd_ && lengths_ + encodings_ <= 1 && hosts_ <= 1 && (hosts_ == 1 || !is_11) &&
           (encodings_ == 0 || is_11);
  }
  bool has_body() const { return has_length_ || encodings_ > 0; }
  bool upgrade() const { return upgrade_; }

 private:
  int hosts_ = 0;
  int lengths_ = 0;
  int encodings_ = 0;
  bool has_length_ = false;
  bool upgrade_ = false;
  bool odd_ = false;
};

Kind ReadMethod(Reader* reader, std::string_view bytes, bool* is_head) {
  std::string_view method;
  const Kind kind = reader->Take([](char c) { return c >= 'A' && c <= 'Z'; }, " ", &method);
  const auto begins = [&](std::string_view known) {
    return known.substr(0, method.size()) == method &&
           (kind == Kind::kIncomplete || known.size() == method.size());
  };
  if (bytes.empty()) return Kind::kIncomplete;
  if (std::none_of(std::begin(kMethods), std::end(kMethods), begins)) return Kind::kOther;
  *is_head = method == "HEAD";
  return kind;
}

Kind ReadVersion(Reader* reader, bool* is_11) {
  Kind kind = reader->TakeText("HTTP/1.");
  if (kind != Kind::kRequest) return kind;
  std::string_view minor;
  kind = reader->Take([](char c) { return c == '0' || c == '1'; }, kEndOfLine, &minor);
  if (minor.size() > 1 || (kind == Kind::kRequest && minor.empty())) return Kind::kOther;
  *is_11 = minor == "1";
  return kind;
}

Kind ReadFields(Reader* reader, Fields* fields) {
  for (;;) {
    const Kind end = reader->TakeText(kEndOfLine);
    if (end != Kind::kOther) return end;
    std::string_view name;
    Kind kind = reader->Take(IsToken, ":", &name);
    if (kind != Kind::kRequest) return kind;
    if (name.empty()) return Kind::kOther;
    std::string_view value;
    kind = reader->Take(IsText, kEndOfLine, &value);
    if (kind != Kind::kRequest) return kind;
    fields->Add(name, Trim(value));
  }
}

Kind Read(std::string_view bytes, HttpHead* head) {
  Reader reader(bytes);
  Kind kind = ReadMethod(&reader, bytes, &head->is_head);
  if (kind != Kind::kRequest) return kind;
  kind = reader.Take(IsVisible, " ", &head->target);
  if (kind != Kind::kRequest) return kind;
  if (!IsTarget(head->target)) return Kind::kOther;
  bool is_11 = false;
  kind = ReadVersion(&reader, &is_11);
  if (kind != Kind::kRequest) return kind;
  Fields fields;
  kind = ReadFields(&reader, &fields);
  if (kind != Kind::kRequest) return kind;
  if (!fields.Plain(is_11)) return Kind::kOther;
  head->has_body = fields.has_body();
  head->upgrade = fields.upgrade();
  head->length = reader.position();
  return Kind::kRequest;
}

}  // namespace

HttpHead ReadHttpHead(std::string_view bytes) {
  HttpHead head{};
  const bool is_cut = bytes.size() >= HttpHead::kMostBytes;
  head.kind = Read(bytes.substr(0, HttpHead::kMostBytes), &head);
  if (head.kind == Kind::kIncomplete && is_cut) head.kind = Kind::kOther;
  return head;
}

}  // namespace spillway
