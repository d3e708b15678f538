#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spillway {

/// The head of one HTTP/1 request, as far as refusing it needs.
///
/// Strict: only what no server would take in another way is a request. All else is somebody else's
/// to answer: TLS, the HTTP/2 preface, a rare method, a line that ends in LF alone, what Node
/// answers 400.
struct HttpHead {
  enum class Kind : uint8_t {
    kIncomplete,  // nothing wrong so far
    kRequest,
    kOther,
  };

  /// Longer heads are kOther.
  static constexpr size_t kMostBytes = 8192;

  Kind kind;
  bool is_head;             // the answer has no body
  bool has_body;            // announced, wherever it is
  bool websocket;           // asks for an upgrade to WebSocket, and not to anything else
  size_t length;            // of a request, with the empty line
  std::string_view target;  // into the bytes read
};

/// Reads one head while its bytes arrive. Allocates nothing, and looks at each byte once, however
/// many pieces they come in.
class HttpHeadReader final {
 public:
  /// `bytes` is all that has arrived, from the first byte on: what the last call was given, and
  /// what has come since. Not to be called again once a head was not kIncomplete. The fields other
  /// than `kind` are set for a request.
  HttpHead Read(std::string_view bytes);

  /// As many bytes as the last call was given.
  size_t BytesRead() const { return bytes_read_; }

 private:
  using Kind = HttpHead::Kind;
  enum class Part : uint8_t { kMethod, kTarget, kVersion, kName, kValue, kEnd };
  struct Piece {
    size_t begin = 0;
    size_t size = 0;
    std::string_view Of(std::string_view bytes) const { return bytes.substr(begin, size); }
  };

  Kind ReadPart(std::string_view bytes);
  Kind ReadMethod(std::string_view bytes);
  Kind ReadTarget(std::string_view bytes);
  Kind ReadVersion(std::string_view bytes);
  Kind ReadName(std::string_view bytes);
  Kind ReadValue(std::string_view bytes);
  Kind Take(std::string_view bytes, uint8_t wanted, std::string_view end, Piece* piece);
  Kind TakeText(std::string_view bytes, std::string_view text);
  void AddField(std::string_view name, std::string_view value);
  bool IsPlain() const;

  Part part_ = Part::kMethod;
  size_t bytes_read_ = 0;
  size_t begin_ = 0;     // of the piece that is being read
  size_t position_ = 0;  // of the first byte not looked at
  Piece target_;
  Piece name_;

  // What the fields so far add up to.
  uint16_t hosts_ = 0;
  uint16_t lengths_ = 0;
  uint16_t encodings_ = 0;
  bool is_head_ = false;
  bool is_11_ = false;
  bool has_length_ = false;
  bool names_websocket_ = false;
  bool connection_upgrades_ = false;
  bool is_odd_ = false;
};

}  // namespace spillway
