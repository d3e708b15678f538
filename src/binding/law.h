#ifndef SPILLWAY_LAW_H_
#define SPILLWAY_LAW_H_

#include <node_api.h>
#include <uv.h>

#include <memory>

#include "admission/admission.h"
#include "loop/live_set.h"
#include "os/clocks.h"

namespace spillway {

/// The laws that are to be told of each turn of one loop, and the time as they see it.
class LiveLaws final : public LiveSet<Admission> {
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

/// The law in an object that createLaw() made; null if the environment is ending.
std::shared_ptr<Admission> LawOf(napi_env env, napi_value law);

/// createLaw(maxDelayNs, maxInFlight, tickNs, observe, live) -> an object of functions, see law.cc.
/// `data` is a std::shared_ptr<LiveLaws>*, which must outlive the function.
napi_value CreateLaw(napi_env env, napi_callback_info info);

}  // namespace spillway

#endif  // SPILLWAY_LAW_H_
