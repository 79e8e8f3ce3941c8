// Poller: the turn, the one call into JavaScript, records, registration. See poller.h.
#include "poller.h"

#include <time.h>

namespace landspout {

Poller::~Poller() {
  for (uint32_t i = 0; i < slots_.count(); i++) {
    if (slots_.at(i).parser != nullptr) parsers_.Give(slots_.at(i).parser);
    slots_.at(i).parser = nullptr;
  }
}

double Poller::StampTime() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const double ms = static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
  shared_.clock[CLOCK_NOW] = ms + shared_.clock[CLOCK_SKEW];
  return shared_.clock[CLOCK_NOW];
}

// @hot bench/run.mjs: once per wake of libuv. A few rounds, because a round trip through libuv
// costs more than asking epoll again; few, because timers and other handles wait meanwhile.
void Poller::Wake() {
  if (closing_ || delivering_) return;
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);
  epoll_event events[kMaxEvents];
  for (int round = 0; round < kRoundsPerWake && !closing_; round++) {
    StampTime();
    turn_budget_ = kTurnSendBudget;
    RunReady();
    RunPaced();
    int n;
    do n = ::epoll_wait(epoll_.get(), events, kMaxEvents, 0);
    while (n < 0 && errno == EINTR);
    // Sockets that are ready all the time come in the same order, and those at its end would never
    // get of the turn's budget.
    const int first = n > 0 ? static_cast<int>(round_++ % static_cast<uint32_t>(n)) : 0;
    for (int i = first; i < n && !closing_; i++) Dispatch(events[i]);
    for (int i = 0; i < first && !closing_; i++) Dispatch(events[i]);
    if (!closing_) Deliver();
    if (!closing_) Flush();
    if (!closing_) ApplyInterests();
    EndTurn();
    if (n <= 0 && ready_.empty() && late_.empty() && inbox_.empty()) break;
  }
  if (!closing_) {
    const bool more = !ready_.empty() || !late_.empty() || !inbox_.empty();
    if (more && !idle_on_) {
      uv_idle_start(idle_, [](uv_idle_t* h) { static_cast<Poller*>(h->data)->Wake(); });
    } else if (!more && idle_on_) {
      uv_idle_stop(idle_);
    }
    idle_on_ = more;
    UpdateRef();
  }
  napi_close_handle_scope(env_, scope);
}

// What timers, promises and other libraries' callbacks appended since the last turn leaves before
// libuv sleeps.
void Poller::OnPrepare() {
  if (closing_ || delivering_) return;
  if (shared_.control[CONTROL_COMMANDS] != 0) {
    turn_budget_ = kTurnSendBudget;
    napi_handle_scope scope;
    napi_open_handle_scope(env_, &scope);
    Flush();
    napi_close_handle_scope(env_, scope);
  }
  // Also what a flush in the middle of a callback has left to do.
  ApplyInterests();
  EndTurn();
  UpdateRef();
  if (!idle_on_ && (!ready_.empty() || !late_.empty() || !inbox_.empty())) {
    idle_on_ = true;
    uv_idle_start(idle_, [](uv_idle_t* h) { static_cast<Poller*>(h->data)->Wake(); });
  }
}

void Poller::Deliver() {
  MoveLate();
  const uint32_t words = inbox_.words();
  if (words == 0) return;
  shared_.stats[STAT_TURNS]++;
  shared_.stats[STAT_RECORDS] += inbox_.TakeRecords();
  napi_handle_scope scope;
  napi_open_handle_scope(env_, &scope);
  napi_value self = nullptr;
  napi_value callback = nullptr;
  napi_value argument = nullptr;
  napi_value result = nullptr;
  napi_get_reference_value(env_, self_, &self);
  napi_get_reference_value(env_, callback_, &callback);
  napi_create_uint32(env_, words, &argument);
  delivering_ = true;
  const napi_status status =
      napi_make_callback(env_, async_, self, callback, 1, &argument, &result);
  delivering_ = false;
  if (status == napi_pending_exception) {
    napi_value error = nullptr;
    napi_get_and_clear_last_exception(env_, &error);
    napi_fatal_exception(env_, error);
  }
  napi_close_handle_scope(env_, scope);
  inbox_.Consumed(words);
  if (!closing_) shared_.control[CONTROL_EPOCH]++;
}

// A record that may be made at any time, even while JavaScript walks the ring or when it is full.
void Poller::Emit(int32_t kind, uint32_t slot, uint32_t generation, int32_t value) {
  if (late_.empty() && !delivering_ && inbox_.HasRingRoom(kReceiveRingWords / 2)) {
    inbox_.Begin(6, kind, slot, generation)[RECORD_A] = value;
  } else {
    late_.push_back({kind, slot, generation, value});
  }
}

void Poller::MoveLate() {
  size_t moved = 0;
  while (moved < late_.size() && inbox_.HasRingRoom(6)) {
    const Late& late = late_[moved++];
    inbox_.Begin(6, late.kind, late.slot, late.generation)[RECORD_A] = late.value;
  }
  late_.erase(late_.begin(), late_.begin() + static_cast<ptrdiff_t>(moved));
}

// The arena or the ring is nearly full: what they hold is delivered in the middle of the turn.
void Poller::MakeRoom(size_t kept) {
  if (inbox_.HasRoom(kept)) return;
  Deliver();
  if (!closing_) Flush();
}

// Freed slots may be used again once TypeScript has heard of the end of those who had them.
void Poller::EndTurn() {
  if (late_.empty() && inbox_.empty()) slots_.EndTurn();
}

void Poller::UpdateRef() {
  if (poll_ == nullptr) return;
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(poll_);
  // What has happened is told before the process may end.
  if (active_ != 0 || !late_.empty() || !inbox_.empty()) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

int Poller::Register(uint32_t index, uint32_t events) {
  slots_.at(index).events = events;
  const int error = Control(index, EPOLL_CTL_ADD);
  if (error != 0) return error;
  active_++;
  UpdateRef();
  return 0;
}

void Poller::SetEvents(uint32_t index, uint32_t events) {
  Slot& slot = slots_.at(index);
  if (slot.events == events) return;
  slot.events = events;
  const int error = Control(index, EPOLL_CTL_MOD);
  if (error != 0) Close(index, -error);  // an unwatched socket would hang for ever
}

// Tells the epoll set of the slot's descriptor, what it is called and the slot's events. 0 or
// -errno.
int Poller::Control(uint32_t index, int operation) {
  const Slot& slot = slots_.at(index);
  epoll_event event = {};
  event.events = slot.events;
  event.data.u64 = static_cast<uint64_t>(slot.generation) << 32 | index;
  return ::epoll_ctl(epoll_.get(), operation, slot.fd.get(), &event) == 0 ? 0 : -errno;
}

void Poller::Close(uint32_t index, int error) {
  Slot& slot = slots_.at(index);
  if (slot.kind == SlotKind::kFree) return;
  ReleaseParser(slot);
  slot.queue.reset();
  UpdatePending(index);
  if (slot.kind == SlotKind::kSocket) shared_.stats[STAT_CLOSED]++;
  Emit(KIND_CLOSED, index, slot.generation, error);
  // An epoll set goes on watching a socket that a duplicate of the descriptor holds open.
  if (slot.adopted) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, slot.fd.get(), nullptr);
  slots_.Release(index);  // closes the descriptor, which leaves the epoll set by that
  active_--;
}

// Closes with RST: what the peer has of a response cannot be taken for the whole of it.
void Poller::Reset(uint32_t index, int error) {
  const linger hard = {1, 0};
  const Slot& slot = slots_.at(index);
  if (slot.transport != nullptr) slot.transport->Reset();
  ::setsockopt(slot.fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  Close(index, error);
}

void Poller::Dispatch(const epoll_event& event) {
  const uint32_t index = static_cast<uint32_t>(event.data.u64);
  const uint32_t generation = static_cast<uint32_t>(event.data.u64 >> 32);
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr) return;  // closed earlier in this turn
  switch (slot->kind) {
    case SlotKind::kListener:
      Accept(index);
      break;
    case SlotKind::kSocket:
      if (slot->connecting) return OnConnected(index);
      if ((event.events & EPOLLOUT) != 0) OnWritable(index);
      if (slots_.Find(index, generation) == nullptr) return;
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        if (slot->Reading() || (event.events & EPOLLIN) != 0) {
          OnReadable(index);
        } else {
          OnHangUp(index);
        }
      }
      break;
    case SlotKind::kUser:
      MakeRoom(0);
      if (slots_.Find(index, generation) != nullptr) {
        Emit(KIND_READY, index, generation, static_cast<int32_t>(event.events));
      }
      break;
    case SlotKind::kFree:
      break;
  }
}

}  // namespace landspout
