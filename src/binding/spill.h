#pragma once

#include <napi.h>

namespace spillway {

/// createSpill(controller, fd, exempt, answers, messageBytes, firstReserved, slots, deliver,
/// wantsRefusals, takesWebSockets, isTls, clientHeader, proxies, paths, priorities, priorityHeader,
/// trusted) -> an object of functions, see spill.cc. The function's data is
/// the Environment.
Napi::Value CreateSpill(const Napi::CallbackInfo& info);

/// For tests: readHead(bytes, exempt, pieceBytes) -> how a spill reads the request's head when it
/// arrives in pieces of that many bytes.
Napi::Value ReadHead(const Napi::CallbackInfo& info);

/// For tests: readPriority(bytes, address, paths, priorities, priorityHeader, trusted) -> the
/// number of the priority that a spill gives to a complete head from that address.
Napi::Value ReadPriority(const Napi::CallbackInfo& info);

}  // namespace spillway
