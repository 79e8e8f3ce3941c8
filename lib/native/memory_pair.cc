// See memory_pair.h. Poller::AddMemoryPair makes slots of the two ends.
#include "memory_pair.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "poller.h"

namespace landspout {

MemoryEnd::~MemoryEnd() {
  if (peer_ == nullptr) return;
  // What was sent and not read is lost with us; the kernel answers that with RST.
  peer_->broken_ = resets_ || taken_ < inbound_.size();
  peer_->ended_ = true;
  peer_->peer_ = nullptr;
  peer_->Signal();
}

void MemoryEnd::Signal() const {
  const uint64_t one = 1;
  // It fails only when it is as readable as can be.
  [[maybe_unused]] const ssize_t n = ::write(event_, &one, sizeof(one));
}

ssize_t MemoryEnd::Receive(int, char* into, size_t length) {
  const size_t size = std::min(length, inbound_.size() - taken_);
  if (size == 0) {
    if (broken_) return -ECONNRESET;
    if (ended_) return 0;
  } else {
    std::memcpy(into, inbound_.data() + taken_, size);
    taken_ += size;
  }
  if (taken_ == inbound_.size()) {
    inbound_.Clear(0);
    taken_ = 0;
    uint64_t count;
    // An end is told again and again, as that of a socket is.
    [[maybe_unused]] const ssize_t n = ended_ ? 0 : ::read(event_, &count, sizeof(count));
  }
  return size == 0 ? -EAGAIN : static_cast<ssize_t>(size);
}

ssize_t MemoryEnd::Send(int, const iovec* pieces, size_t count) {
  if (peer_ == nullptr || peer_->ended_) return -EPIPE;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) total += pieces[i].iov_len;
  if (total > kMostBytes - std::min(kMostBytes, peer_->inbound_.size())) return -ENOBUFS;
  for (size_t i = 0; i < count; i++) {
    peer_->inbound_.Append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  }
  if (total > 0) peer_->Signal();
  return static_cast<ssize_t>(total);
}

int MemoryEnd::ShutdownSend(int) {
  if (peer_ == nullptr) return 0;
  peer_->ended_ = true;
  peer_->Signal();
  return 0;
}

MemoryPair MakeMemoryPair() {
  MemoryPair pair;
  for (int i = 0; i < 2; i++) {
    pair.fds[i].reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    pair.ends[i] = std::make_unique<MemoryEnd>(pair.fds[i].get());
  }
  pair.ends[0]->Join(pair.ends[1].get());
  pair.ends[1]->Join(pair.ends[0].get());
  return pair;
}

// The first slot is as one that a listener of `config` has accepted, the second a raw one that has
// connected; there is a record of neither.
int Poller::AddMemoryPair(const ListenConfig& config, uint32_t (&slots)[2]) {
  if (config.limits.max_head_bytes > kMaxHeadBytes) return -EINVAL;
  MemoryPair pair = MakeMemoryPair();
  if (!pair.fds[0].valid() || !pair.fds[1].valid()) return -EMFILE;
  uint32_t known = 0;  // pairs come by the thousand, with the same limits
  const auto fits = [&config](const ListenConfig& other) {
    return other.http == config.http && other.limits == config.limits;
  };
  while (known < configs_.size() && !fits(configs_[known])) known++;
  if (known == configs_.size()) configs_.push_back(config);
  for (int i = 0; i < 2; i++) {
    const int64_t number = AddSocket(std::move(pair.fds[i]), true, false);
    if (number < 0) {
      if (i == 1) Close(slots[0], 0);
      return static_cast<int>(number);
    }
    slots[i] = static_cast<uint32_t>(number);
    Slot& slot = slots_.at(slots[i]);
    slot.transport = std::move(pair.ends[i]);
    slot.config = known;
    slot.raw = i == 1 || !config.http;
  }
  return 0;
}

}  // namespace landspout
