#pragma once

#include <napi.h>

#include "accept_queue/spill.h"
#include "loop/loop_monitor.h"
#include "loop/turns.h"

namespace spillway {

/// What the addon has for one JavaScript environment (the main thread or a worker): the monitor of
/// its loop, and its spills, which it tells of the loop's turns.
///
/// Lives until the environment has ended and uv has let go of the monitor's handles.
class Environment final : public TurnListener {
 public:
  /// Null if uv or Node refuses. Cleans up after itself when the environment ends.
  static Environment* New(Napi::Env env);

  LoopMonitor* Monitor() { return monitor_; }
  Spills& AllSpills() { return spills_; }

  void OnTurn(TurnPhase phase, const Turn& turn) override;
  bool NeedsTurn() const override { return spills_.NeedTurn(); }

 private:
  explicit Environment(LoopMonitor* monitor);
  ~Environment();

  void Close(napi_async_cleanup_hook_handle hook);
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* environment);

  LoopMonitor* const monitor_;  // deletes itself
  Spills spills_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace spillway
