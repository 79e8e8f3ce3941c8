// Poller: sockets that it did not accept (connecting ones, adopted ones), and raw sockets that end
// while they are not read from. See poller.h.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "addresses.h"
#include "poller.h"

namespace landspout {

namespace {

// A port of this machine that nobody listens on may be given to the connecting socket itself, and
// TCP then lets it connect to itself.
bool IsConnectedToItself(int fd) {
  SocketName own;
  SocketName peer;
  return NameOf(fd, false, &own) == 0 && NameOf(fd, true, &peer) == 0 && own.port != 0 &&
         own.port == peer.port && own.host == peer.host;
}

}  // namespace

int64_t Poller::AddSocket(UniqueFd fd, bool adopted, bool connecting) {
  const int64_t number = slots_.Acquire();
  if (number < 0) return -EMFILE;
  const uint32_t index = static_cast<uint32_t>(number);
  Slot& slot = slots_.at(index);
  slot.kind = SlotKind::kSocket;
  slot.raw = true;
  slot.adopted = adopted;
  slot.connecting = connecting;
  slot.fd = std::move(fd);
  ForgetUser(slot.fd.get());
  const int error = Register(index, connecting ? EPOLLIN | EPOLLOUT : EPOLLIN);
  if (error != 0) {
    slots_.Release(index);
    return error;
  }
  shared_.last_active[index] = StampTime();
  shared_.stats[STAT_CONNECTED]++;
  if (!connecting && !adopted) Emit(KIND_CONNECTED, index, slot.generation, 0);
  return index;
}

void Poller::OnConnected(uint32_t index) {
  Slot& slot = slots_.at(index);
  const int fd = slot.fd.get();
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0 && IsConnectedToItself(fd)) error = ECONNREFUSED;
  if (error != 0) return Close(index, error);
  slot.connecting = false;
  shared_.last_active[index] = shared_.clock[CLOCK_NOW];
  MarkDirty(index);
  Emit(KIND_CONNECTED, index, slot.generation, 0);
  if (slot.queue == nullptr) AfterQueueEmpty(index);
}

// Not read from, yet gone: a reset, or both directions have ended.
void Poller::OnHangUp(uint32_t index) {
  Slot& slot = slots_.at(index);
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(slot.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  char byte;
  if (error == 0 && slot.raw && slot.paused && slot.transport == nullptr && !slot.discard &&
      ::recv(slot.fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
    // What waits in the kernel is for OP_RESUME. Told once of the end, epoll keeps still until
    // then.
    return SetEvents(index, EPOLLONESHOT);
  }
  Close(index, error);
}

int Poller::SetNoDelay(uint32_t index, uint32_t generation, bool on) {
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr || slot->kind != SlotKind::kSocket) return -ENOENT;
  const int value = on ? 1 : 0;
  const int result = ::setsockopt(slot->fd.get(), IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value));
  return result == 0 || errno == EOPNOTSUPP ? 0 : -errno;
}

int Poller::SetKeepAlive(uint32_t index, uint32_t generation, int32_t seconds) {
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr || slot->kind == SlotKind::kUser) return -ENOENT;
  const int fd = slot->fd.get();
  const int on = seconds > 0 ? 1 : 0;
  int result = 0;
  if (on == 1) {
    result = ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof(seconds));
    // A Unix socket needs none: its peer cannot vanish.
    if (result != 0) return errno == EOPNOTSUPP ? 0 : -errno;
  }
  result = ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  return result == 0 ? 0 : -errno;
}

}  // namespace landspout
