#include "binding/environment.h"

#include <uv.h>

namespace spillway {

// This file calls Node-API directly, because node-addon-api wraps neither the event loop nor
// asynchronous cleanup hooks. A synchronous hook (Napi::Env::AddCleanupHook) or a finalizer returns
// before uv has closed the handles. If only a worker had loaded this library, Node would then
// unload it, and uv would call into unmapped memory.

// So that JavaScript can hold the number without an allocation (V8's Smi).
constexpr double kMostTurnNumber = (1 << 30) - 1;

Environment* Environment::New(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  LoopMonitor* monitor = LoopMonitor::New(loop);
  if (monitor == nullptr) return nullptr;
  auto* environment = new Environment(monitor);
  if (napi_add_async_cleanup_hook(env, OnCleanup, environment, nullptr) == napi_ok) {
    return environment;
  }
  environment->Close(nullptr);
  return nullptr;
}

Environment::Environment(LoopMonitor* monitor) : monitor_(monitor) {
  monitor->SharedTurns()->Add(TurnPhase::kReadQueues, this);
  monitor->SharedTurns()->Add(TurnPhase::kAct, this);
}

// Runs just before the monitor deletes itself.
Environment::~Environment() {
  monitor_->SharedTurns()->Remove(TurnPhase::kReadQueues, this);
  monitor_->SharedTurns()->Remove(TurnPhase::kAct, this);
}

void Environment::OnTurn(TurnPhase phase, const Turn& turn) {
  if (phase == TurnPhase::kReadQueues) {
    double& number = (*turn_number_)[0];
    number = number < kMostTurnNumber ? number + 1 : 0;
    spills_.ReportQueue(turn.ended_at);
  } else {
    spills_.OnTurn(turn.ended_at);
  }
}

void Environment::OnCleanup(napi_async_cleanup_hook_handle hook, void* environment) {
  static_cast<Environment*>(environment)->Close(hook);
}

// `hook` is null if none was added.
void Environment::Close(napi_async_cleanup_hook_handle hook) {
  hook_ = hook;
  spills_.Abort();
  monitor_->Close(
      [](void* data) {
        auto* environment = static_cast<Environment*>(data);
        if (environment->hook_ != nullptr) napi_remove_async_cleanup_hook(environment->hook_);
        delete environment;
      },
      this);
}

}  // namespace spillway
