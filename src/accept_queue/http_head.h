#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spillway {

/// The head of one HTTP/1 request, as far as it is needed to refuse the request.
///
/// The reader is strict: it recognizes a request only if no server would interpret it differently.
/// Everything else is left to Node, for example TLS, the HTTP/2 preface, a rare method, a line that
/// ends in LF alone, and invalid requests, which Node answers with 400.
struct HttpHead {
  enum class Kind : uint8_t {
    kIncomplete,  // valid so far
    kRequest,
    kOther,
  };

  /// Longer heads are kOther.
  static constexpr size_t kMostBytes = 8192;

  Kind kind;
  bool is_head;             // the method is HEAD: the response has no body
  bool has_body;            // a body is announced, whether or not it has arrived
  bool websocket;           // requests an upgrade to WebSocket, and to nothing else
  size_t length;            // of a request's head with its empty line, bytes
  std::string_view target;  // a view of the bytes read
};

/// The value of a header in a complete head; empty if there is none. If there are several with that
/// name, Node either joins their values or uses the first, depending on the name; this function
/// does the same. `lower`: the name in lower case.
std::string HeaderOf(std::string_view head, std::string_view lower);

/// Reads one head while its bytes arrive. Allocates no memory, and does not start again when more
/// bytes arrive.
class HttpHeadReader final {
 public:
  /// `bytes` is all that has arrived: the bytes of the last call, and those that have arrived
  /// since. Must not be called again once it has returned a kind other than kIncomplete. The other
  /// fields are set for a request only.
  HttpHead Read(std::string_view bytes);

  /// The number of bytes passed to the last call.
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
  size_t begin_ = 0;     // where the piece that is being read begins
  size_t position_ = 0;  // of the first byte that has not been read
  Piece target_;
  Piece name_;

  // What the header fields read so far contain.
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
