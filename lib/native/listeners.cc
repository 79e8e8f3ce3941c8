// Poller: listening and accepting, and staying alive without descriptors. See poller.h.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "poller.h"

namespace landspout {

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
  const int error = Register(static_cast<uint32_t>(index), EPOLLIN);
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
        ShedOne(listener->fd.get());
        // The rest wait in the backlog until descriptors are free again; asking at once would spin.
        listener->paused = true;
        SetEvents(index, 0);
        const double now = shared_.clock[CLOCK_NOW] - shared_.clock[CLOCK_SKEW];
        starved_.push_back({{index, listener_generation}, now + kAcceptPauseMs});
        StartPaceTimer();
      }
      return;
    }
    const int64_t number = slots_.Acquire();
    if (number < 0) continue;  // closes it: as many slots are open as the loop was made for
    const uint32_t accepted = static_cast<uint32_t>(number);
    Slot& slot = slots_.at(accepted);
    slot.kind = SlotKind::kSocket;
    slot.config = listener->config;
    slot.raw = !configs_[listener->config].http;
    slot.fd = std::move(fd);
    ForgetUser(slot.fd.get());
    if (Register(accepted, EPOLLIN) != 0) {
      slots_.Release(accepted);
      continue;
    }
    shared_.last_active[accepted] = shared_.clock[CLOCK_NOW];
    shared_.pending_bytes[accepted] = 0;
    Emit(KIND_ACCEPTED, accepted, slot.generation, static_cast<int32_t>(index));
  }
}

// Out of descriptors: the reserve makes room to take one connection off the backlog and end it, so
// that one client learns at once instead of waiting for a timeout.
void Poller::ShedOne(int listener) {
  if (!reserve_.valid()) return;
  reserve_.reset();
  UniqueFd shed(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  shed.reset();
  reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace landspout
