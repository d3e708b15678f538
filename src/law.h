#ifndef SPILLWAY_LAW_H_
#define SPILLWAY_LAW_H_

#include <node_api.h>

#include <memory>

#include "admission.h"
#include "live_set.h"

namespace spillway {

/// The laws that are to be told of each turn of one loop.
using LiveLaws = LiveSet<Admission>;

/// createLaw(maxDelayNs, maxInFlight, tickNs, observe, live) -> an object of functions, see law.cc.
/// `data` is a std::shared_ptr<LiveLaws>*, which must outlive the function.
napi_value CreateLaw(napi_env env, napi_callback_info info);

}  // namespace spillway

#endif  // SPILLWAY_LAW_H_
