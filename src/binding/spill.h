#pragma once

#include <node_api.h>

namespace spillway {

/// createSpill(controller, fd, exempt, answers, messageBytes, firstReserved, slots, deliver,
/// wantsRefusals, takesWebSockets) -> an object of functions, see spill_js.cc. `data` is a
/// std::shared_ptr<Spills>*, which must outlive the function.
napi_value CreateSpill(napi_env env, napi_callback_info info);

/// readHead(bytes, exempt, pieceBytes) -> what a spill reads there where the bytes come in pieces,
/// for a test
napi_value ReadHead(napi_env env, napi_callback_info info);

}  // namespace spillway
