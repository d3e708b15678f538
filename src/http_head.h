#ifndef SPILLWAY_HTTP_HEAD_H_
#define SPILLWAY_HTTP_HEAD_H_

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
  bool upgrade;             // WebSocket, h2c
  size_t length;            // of a request, with the empty line
  std::string_view target;  // into the bytes read
};

/// Allocates nothing, and reads each byte once. The fields other than `kind` are set for a request.
HttpHead ReadHttpHead(std::string_view bytes);

}  // namespace spillway

#endif  // SPILLWAY_HTTP_HEAD_H_
