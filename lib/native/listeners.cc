// Poller: listening and accepting, and staying alive without descriptors. See poller.h.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "poller.h"

namespace landspout {

namespace {

// Of processes that wait in epoll_wait(2) on sets of their own with this listener, the kernel wakes
// one (EPOLLEXCLUSIVE). Ours wait in libuv's set, which holds the loop's: through that the kernel
// up to 6.18 at least still wakes all that sleep, and who comes late finds nothing (measured: 4
// processes, 500 connections, 613 wakes, 557 without the flag; 500 if the sets are not nested, but
// then one process gets every connection).
constexpr uint32_t kListenEvents = EPOLLIN | EPOLLEXCLUSIVE;

}  // namespace

int64_t Poller::Listen(UniqueFd fd, const ListenConfig& config) {
  if (config.limits.max_head_bytes > kMaxHeadBytes) return -EINVAL;
  const int64_t index = slots_.Acquire();
  if (index < 0) return -EMFILE;
  Slot& slot = slots_.at(static_cast<uint32_t>(index));
  slot.kind = SlotKind::kListener;
  slot.fd = std::move(fd);
  slot.adopted = true;  // a listener may be inherited by other processes
  ForgetUser(slot.fd.get());
  slot.config = static_cast<uint32_t>(configs_.size());
  configs_.push_back(config);
  const int error = Register(static_cast<uint32_t>(index), kListenEvents);
  if (error != 0) {
    slots_.Release(static_cast<uint32_t>(index));
    return error;
  }
  return index;
}

// Once per connection: a budget of accepts a turn, so that a flood does not starve the
// served.
void Poller::Accept(uint32_t index) {
  const uint32_t listener_generation = slots_.at(index).generation;
  for (uint32_t i = 0; i < kAcceptsPerTurn; i++) {
    Slot* listener = slots_.Find(index, listener_generation);
    if (listener == nullptr || closing_) return;
    UniqueFd fd(::accept4(listener->fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO || errno == EPERM) continue;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        shared_.stats[STAT_ACCEPT_ERRORS]++;
        ShedOne(listener->fd.get());
        // The rest wait in the backlog until descriptors are free again; asking at once would spin.
        listener->paused = true;
        WatchListener(index, false);
        const double now = shared_.clock[CLOCK_NOW] - shared_.clock[CLOCK_SKEW];
        starved_.push_back({{index, listener_generation}, now + kAcceptPauseMs});
        StartPaceTimer();
      }
      return;
    }
    const int64_t number = slots_.Acquire();
    if (number < 0) {  // closes it: as many slots are open as the loop was made for
      shared_.stats[STAT_SHED]++;
      continue;
    }
    const uint32_t accepted = static_cast<uint32_t>(number);
    Slot& slot = slots_.at(accepted);
    slot.kind = SlotKind::kSocket;
    slot.config = listener->config;
    slot.raw = !configs_[listener->config].http;
    slot.fd = std::move(fd);
    ForgetUser(slot.fd.get());
    if (Register(accepted, EPOLLIN) != 0) {
      shared_.stats[STAT_SHED]++;
      slots_.Release(accepted);
      continue;
    }
    shared_.last_active[accepted] = shared_.clock[CLOCK_NOW];
    shared_.stats[STAT_ACCEPTED]++;
    Emit(KIND_ACCEPTED, accepted, slot.generation, static_cast<int32_t>(index));
  }
}

// Into the set or out of it: what is watched exclusively cannot be changed in place. False: not
// possible now.
bool Poller::WatchListener(uint32_t index, bool on) {
  Slot& slot = slots_.at(index);
  slot.events = on ? kListenEvents : 0;
  return Control(index, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL) == 0;
}

// Those that have rested long enough accept again.
void Poller::ResumeListeners() {
  const double now = StampTime() - shared_.clock[CLOCK_SKEW];
  std::vector<Starved> starved;
  starved.swap(starved_);
  // Somebody else may have taken its number while a client was told so.
  if (!starved.empty() && !reserve_.valid()) OpenReserve();
  for (const Starved& waiting : starved) {
    Slot* slot = slots_.Find(waiting.listener.slot, waiting.listener.generation);
    if (slot == nullptr) continue;
    // Not even memory to watch it: at the next tick.
    if (now < waiting.until_ms || !WatchListener(waiting.listener.slot, true)) {
      starved_.push_back(waiting);
    } else {
      slot->paused = false;
    }
  }
}

// Out of descriptors: the reserve makes room to take one connection off the backlog and end it, so
// that one client learns at once instead of waiting for a timeout.
void Poller::ShedOne(int listener) {
  if (!reserve_.valid()) return;
  reserve_.reset();
  UniqueFd shed(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (shed.valid()) shared_.stats[STAT_SHED]++;
  shed.reset();
  OpenReserve();
}

void Poller::OpenReserve() { reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace landspout
