// Poller: descriptors of the user's (pipes, eventfds, sockets made elsewhere) in the same epoll
// set. The user owns and closes them; the loop only watches.
#include <fcntl.h>

#include <cerrno>

#include "poller.h"

namespace landspout {

int64_t Poller::AddUser(int fd, uint32_t events) {
  if (fd < 0 || ::fcntl(fd, F_GETFD) == -1) return -EBADF;
  if (static_cast<size_t>(fd) >= users_.size()) users_.resize(static_cast<size_t>(fd) + 1);
  const Named& known = users_[static_cast<size_t>(fd)];
  Slot* watched = known.generation == 0 ? nullptr : slots_.Find(known.slot, known.generation);
  if (watched != nullptr) {
    if (Control(known.slot, EPOLL_CTL_MOD) == 0) return -EEXIST;
    // Closed without a word, and the number is another file's now: the set has forgotten it
    // already.
    watched->fd.release();
    slots_.Release(known.slot);
    active_--;
  }
  const int64_t number = slots_.Acquire();
  if (number < 0) return -EMFILE;
  const uint32_t index = static_cast<uint32_t>(number);
  Slot& slot = slots_.at(index);
  slot.kind = SlotKind::kUser;
  slot.fd.reset(fd);
  const int error = Register(index, events);
  if (error != 0) {
    slot.fd.release();
    slots_.Release(index);
    return error;
  }
  users_[static_cast<size_t>(fd)] = {index, slot.generation};
  return index;
}

int Poller::UpdateUser(uint32_t index, uint32_t generation, uint32_t events) {
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr || slot->kind != SlotKind::kUser) return -ENOENT;
  const uint32_t before = std::exchange(slot->events, events);
  const int error = Control(index, EPOLL_CTL_MOD);
  if (error != 0) slot->events = before;
  return error;
}

int Poller::RemoveUser(uint32_t index, uint32_t generation) {
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr || slot->kind != SlotKind::kUser) return -ENOENT;
  const int fd = slot->fd.release();
  // If the user has closed it, its number may be one of our sockets by now: those are left alone.
  Named& known = users_[static_cast<size_t>(fd)];
  if (known.slot == index && known.generation == generation) {
    known = {};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
  slots_.Release(index);
  active_--;
  UpdateRef();
  return 0;
}

// A descriptor of ours has this number now: whoever had registered it has closed it.
void Poller::ForgetUser(int fd) {
  if (static_cast<size_t>(fd) < users_.size()) users_[static_cast<size_t>(fd)] = {};
}

}  // namespace landspout
