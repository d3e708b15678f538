#pragma once

#include <napi.h>

namespace spillway {

/// createSpill(controller, fd, exempt, answers, messageBytes, firstReserved, slots, deliver,
/// wantsRefusals, takesWebSockets) -> an object of functions, see spill.cc. The function's data is
/// the Environment.
Napi::Value CreateSpill(const Napi::CallbackInfo& info);

/// For tests: readHead(bytes, exempt, pieceBytes) -> how a spill reads the request's head when it
/// arrives in pieces of that many bytes.
Napi::Value ReadHead(const Napi::CallbackInfo& info);

}  // namespace spillway
