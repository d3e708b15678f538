#include "loop/pool_probe.h"

#include <new>

namespace spillway {

std::unique_ptr<PoolProbe> PoolProbe::New() {
  auto* probe = new (std::nothrow) PoolProbe();
  if (probe == nullptr) return nullptr;
  probe->work_.data = probe;
  if (uv_loop_init(&probe->loop_) == 0) return std::unique_ptr<PoolProbe>(probe);
  probe->loop_.data = probe;  // marks the loop as not initialized
  delete probe;
  return nullptr;
}

PoolProbe::~PoolProbe() {
  if (loop_.data == this) return;
  // This fails only if a thread has begun the work, which then ends at once.
  if (pending_) uv_cancel(reinterpret_cast<uv_req_t*>(&work_));
  while (pending_) uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);  // cannot fail: nothing is left on the loop
}

uint64_t PoolProbe::Read() {
  uv_run(&loop_, UV_RUN_NOWAIT);
  const uint64_t now = uv_hrtime();
  if (pending_) {
    const uint64_t begun = begun_.load(std::memory_order_relaxed);
    return (begun > 0 ? begun : now) - sent_;
  }
  sent_ = now;
  begun_.store(0, std::memory_order_relaxed);
  pending_ = uv_queue_work(&loop_, &work_, OnThread, OnDone) == 0;
  return waited_;
}

void PoolProbe::OnThread(uv_work_t* work) {
  static_cast<PoolProbe*>(work->data)->begun_.store(uv_hrtime(), std::memory_order_relaxed);
}

void PoolProbe::OnDone(uv_work_t* work, int status) {
  auto* self = static_cast<PoolProbe*>(work->data);
  self->pending_ = false;
  if (status == 0) self->waited_ = self->begun_.load(std::memory_order_relaxed) - self->sent_;
}

}  // namespace spillway
