#ifndef SPILLWAY_LAW_H_
#define SPILLWAY_LAW_H_

#include <node_api.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "admission.h"

namespace spillway {

/// The laws that are to be told of each turn of one loop. Shared by the loop's monitor and the
/// laws, since either may be the last to go.
class LiveLaws final {
 public:
  void Add(Admission* law) { laws_.push_back(law); }
  void Remove(Admission* law);
  void OnTurn(uint64_t now, uint64_t busy) {
    for (Admission* law : laws_) law->OnTurn(now, busy);
  }

 private:
  std::vector<Admission*> laws_;
};

/// The law in an object that createLaw() made; null if the environment is ending.
std::shared_ptr<Admission> LawOf(napi_env env, napi_value law);

/// createLaw(maxDelayNs, maxInFlight, tickNs, observe, live) -> an object of functions, see law.cc.
/// `data` is a std::shared_ptr<LiveLaws>*, which must outlive the function.
napi_value CreateLaw(napi_env env, napi_callback_info info);

}  // namespace spillway

#endif  // SPILLWAY_LAW_H_
