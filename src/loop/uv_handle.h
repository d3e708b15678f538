#pragma once

#include <uv.h>

namespace spillway {

/// Manages the lifetime of one uv handle, which never keeps its loop alive.
///
/// The memory belongs to uv from Init() until the callback given to Close() has run. The owner must
/// not be deleted earlier.
template <typename Handle>
class UvHandle final {
 public:
  UvHandle() = default;
  UvHandle(const UvHandle&) = delete;
  UvHandle& operator=(const UvHandle&) = delete;

  /// Returns uv's status. On failure there is nothing to close.
  int Init(int (*init)(uv_loop_t*, Handle*), uv_loop_t* loop, void* owner) {
    const int status = init(loop, &handle_);
    if (status != 0) return status;
    open_ = true;
    handle_.data = owner;
    uv_unref(Base());
    return 0;
  }

  /// Idempotent. Returns whether `on_closed` will be called, later, by the loop.
  bool Close(uv_close_cb on_closed) {
    if (!open_) return false;
    open_ = false;
    uv_close(Base(), on_closed);
    return true;
  }

  /// Null once the handle is closing: no uv function may start a closing handle.
  Handle* Get() { return open_ ? &handle_ : nullptr; }

 private:
  uv_handle_t* Base() { return reinterpret_cast<uv_handle_t*>(&handle_); }

  Handle handle_{};
  bool open_ = false;
};

}  // namespace spillway
