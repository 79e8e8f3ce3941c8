// Poller: its life in libuv and Node-API: handles, references, cleanup. See poller.h.
#include <cstdlib>

#include "kept_memory.h"
#include "poller.h"

namespace landspout {

template <typename Handle, typename Init>
Handle* Poller::OpenHandle(size_t bytes, Init init) {
  // Sized by the running libuv, not by the header we were compiled with.
  Handle* handle = static_cast<Handle*>(std::calloc(1, bytes));
  if (handle == nullptr || init(handle) != 0) {
    std::free(handle);
    return nullptr;
  }
  handle->data = this;
  open_handles_++;
  uv_unref(reinterpret_cast<uv_handle_t*>(handle));
  return handle;
}

int Poller::Open(napi_value self, napi_value callback, napi_value externals, napi_value keep,
                 const SharedArrays& arrays) {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return -errno;
  KeepFreedMemory();
  OpenReserve();
  shared_ = arrays;
  inbox_.Attach(arrays.inbox_arena, arrays.inbox_ring);
  scratch_ = std::make_unique<char[]>(kScratchBytes);
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env_, &loop) != napi_ok) return -ENOSYS;
  napi_value name;
  napi_create_string_utf8(env_, "landspout.IOLoop", NAPI_AUTO_LENGTH, &name);
  if (napi_async_init(env_, nullptr, name, &async_) != napi_ok) return -ENOMEM;
  napi_create_reference(env_, self, 1, &self_);
  napi_create_reference(env_, callback, 1, &callback_);
  napi_create_reference(env_, externals, 1, &externals_);
  napi_create_reference(env_, keep, 1, &keep_);
  // A worker thread that exits with a handle still open takes the process with it: close them
  // first.
  const auto on_exit = [](napi_async_cleanup_hook_handle, void* data) {
    static_cast<Poller*>(data)->Close();
  };
  napi_add_async_cleanup_hook(env_, on_exit, this, &cleanup_);

  const int fd = epoll_.get();
  poll_ = OpenHandle<uv_poll_t>(uv_handle_size(UV_POLL),
                                [&](uv_poll_t* h) { return uv_poll_init(loop, h, fd); });
  prepare_ = OpenHandle<uv_prepare_t>(uv_handle_size(UV_PREPARE),
                                      [&](uv_prepare_t* h) { return uv_prepare_init(loop, h); });
  idle_ = OpenHandle<uv_idle_t>(uv_handle_size(UV_IDLE),
                                [&](uv_idle_t* h) { return uv_idle_init(loop, h); });
  timer_ = OpenHandle<uv_timer_t>(uv_handle_size(UV_TIMER),
                                  [&](uv_timer_t* h) { return uv_timer_init(loop, h); });
  if (poll_ == nullptr || prepare_ == nullptr || idle_ == nullptr || timer_ == nullptr)
    return -ENOMEM;
  uv_poll_start(poll_, UV_READABLE,
                [](uv_poll_t* h, int, int) { static_cast<Poller*>(h->data)->Wake(); });
  uv_prepare_start(prepare_, [](uv_prepare_t* h) { static_cast<Poller*>(h->data)->OnPrepare(); });
  uv_unref(reinterpret_cast<uv_handle_t*>(poll_));
  uv_unref(reinterpret_cast<uv_handle_t*>(prepare_));
  StampTime();
  return 0;
}

void Poller::Close() {
  if (closing_) return;
  closing_ = true;
  for (uint32_t i = 0; i < slots_.count(); i++) {
    Slot& slot = slots_.at(i);
    if (slot.kind == SlotKind::kFree) continue;
    ReleaseParser(slot);
    if (slot.kind == SlotKind::kUser) slot.fd.release();  // the user's to close
    slot.fd.reset();
    slot.queue.reset();
    slots_.Release(i);
  }
  active_ = 0;
  for (uv_handle_t* handle :
       {reinterpret_cast<uv_handle_t*>(poll_), reinterpret_cast<uv_handle_t*>(prepare_),
        reinterpret_cast<uv_handle_t*>(idle_), reinterpret_cast<uv_handle_t*>(timer_)}) {
    if (handle == nullptr) continue;
    uv_close(handle, [](uv_handle_t* closed) {
      Poller* poller = static_cast<Poller*>(closed->data);
      std::free(closed);
      poller->OnHandleClosed();
    });
  }
  poll_ = nullptr;
  prepare_ = nullptr;
  idle_ = nullptr;
  timer_ = nullptr;
  if (open_handles_ == 0) {
    open_handles_ = 1;
    OnHandleClosed();
  }
}

void Poller::OnHandleClosed() {
  if (--open_handles_ != 0) return;
  // After the uv_poll_t: libuv must forget the descriptor before its number can be another's.
  epoll_.reset();
  reserve_.reset();
  for (napi_ref* ref : {&callback_, &externals_, &keep_, &self_}) {
    if (*ref != nullptr) napi_delete_reference(env_, std::exchange(*ref, nullptr));
  }
  if (async_ != nullptr) napi_async_destroy(env_, std::exchange(async_, nullptr));
  if (cleanup_ != nullptr) napi_remove_async_cleanup_hook(std::exchange(cleanup_, nullptr));
  if (orphan_) delete this;
}

void Poller::Orphan() {
  orphan_ = true;
  if (closing_ && open_handles_ == 0) {
    delete this;
  } else {
    Close();
  }
}

}  // namespace landspout
