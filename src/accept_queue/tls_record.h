#pragma once

#include <cstdint>
#include <string_view>

namespace spillway {

/// What the first bytes of a connection are to a TLS server.
enum class TlsBeginning : uint8_t {
  kIncomplete,  // nothing, or a part of a record that begins a handshake
  kComplete,    // the whole record, which normally holds the client's first message
  kOther,       // something else
};

/// Looks only at the header of the first record (RFC 8446, section 5.1).
TlsBeginning ReadTlsBeginning(std::string_view bytes);

}  // namespace spillway
