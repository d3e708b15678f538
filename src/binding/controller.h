#pragma once

#include <node_api.h>
#include <uv.h>

#include <memory>

#include "admission/admission_controller.h"
#include "loop/live_set.h"
#include "os/clocks.h"

namespace spillway {

/// The admission controllers that are to be told of each turn of one loop, and the time as they see
/// it.
class LiveControllers final : public LiveSet<AdmissionController> {
 public:
  void OnTurn(uint64_t now, uint64_t busy) {
    turn_began_ = now;
    LiveSet::OnTurn(now, busy);
  }
  /// uv_hrtime(), short by a tick of the system at most: exact clocks are dear, and in a turn so
  /// short the moment at which it began will do.
  uint64_t Now() const { return CoarseNowNs() > turn_began_ ? uv_hrtime() : turn_began_; }

 private:
  uint64_t turn_began_ = 0;
};

/// The admission controller in an object that createController() made; null if the environment is
/// ending.
std::shared_ptr<AdmissionController> ControllerOf(napi_env env, napi_value controller);

/// createController(maxDelayNs, maxInFlight, tickNs, dryRun, live) -> an object of functions, see
/// controller.cc. `data` is a std::shared_ptr<LiveControllers>*, which must outlive the function.
napi_value CreateController(napi_env env, napi_callback_info info);

}  // namespace spillway
