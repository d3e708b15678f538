#pragma once

#include <napi.h>

#include <memory>

#include "admission/admission_controller.h"

namespace spillway {

/// The admission controller behind an object that createController() returned; null in a worker
/// that is being terminated.
std::shared_ptr<AdmissionController> ControllerOf(Napi::Object object);

/// createController(maxDelayNs, maxInFlight, tickNs, dryRun, live, fairSeed) -> an object of
/// functions, see controller.cc. The function's data is the LoopMonitor.
Napi::Value CreateController(const Napi::CallbackInfo& info);

}  // namespace spillway
