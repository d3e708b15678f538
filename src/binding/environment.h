#pragma once

#include <napi.h>

#include <memory>

#include "accept_queue/spill.h"
#include "binding/shared_numbers.h"
#include "loop/loop_monitor.h"
#include "loop/turns.h"

namespace spillway {

/// The addon's state for one JavaScript environment (the main thread or a worker): the monitor of
/// its event loop, and its spills, which it notifies of the loop's turns.
///
/// Lives until the environment has ended and uv has closed the monitor's handles.
class Environment final : public TurnListener {
 public:
  /// Returns null if uv or Node-API fails. Deletes itself after the environment has ended.
  static Environment* New(Napi::Env env);

  LoopMonitor* Monitor() { return monitor_; }
  Spills& AllSpills() { return spills_; }
  /// One number: it changes with each turn.
  const std::shared_ptr<SharedNumbers>& TurnNumber() const { return turn_number_; }

  void OnTurn(TurnPhase phase, const Turn& turn) override;
  bool NeedsTurn() const override { return spills_.NeedTurn(); }

 private:
  explicit Environment(LoopMonitor* monitor);
  ~Environment();

  void Close(napi_async_cleanup_hook_handle hook);
  static void OnCleanup(napi_async_cleanup_hook_handle hook, void* environment);

  LoopMonitor* const monitor_;  // deletes itself
  Spills spills_;
  const std::shared_ptr<SharedNumbers> turn_number_ = std::make_shared<SharedNumbers>(1);
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

}  // namespace spillway
