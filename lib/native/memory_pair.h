// Two connected ends of a byte stream that is nothing but memory: what one sends, the other
// receives, through the same slots, parser and queues as a socket's, without a socket. Each end's
// descriptor is an eventfd(2), readable while there is something to receive.
#ifndef LANDSPOUT_MEMORY_PAIR_H_
#define LANDSPOUT_MEMORY_PAIR_H_

#include <memory>

#include "bytes.h"
#include "transport.h"
#include "unique_fd.h"

namespace landspout {

class MemoryEnd final : public Transport {
 public:
  explicit MemoryEnd(int event) : event_(event) {}
  ~MemoryEnd() override;

  void Join(MemoryEnd* peer) { peer_ = peer; }

  ssize_t Receive(int fd, char* into, size_t length) override;
  // Takes everything: how much a reader lets wait is its own affair, up to kMostBytes.
  ssize_t Send(int fd, const iovec* pieces, size_t count) override;
  int ShutdownSend(int fd) override;
  void Reset() override { resets_ = true; }

 private:
  static constexpr size_t kMostBytes = 256 * 1024 * 1024;

  void Signal() const;

  const int event_;  // the slot's, which closes it
  MemoryEnd* peer_ = nullptr;
  Bytes inbound_;
  size_t taken_ = 0;
  bool ended_ = false;   // no more will come
  bool broken_ = false;  // and that was no end in good order
  bool resets_ = false;  // when this one is gone, the other is to be told that it broke
};

// Both ends, with their descriptors; `fds` are not valid if there are none left.
struct MemoryPair {
  UniqueFd fds[2];
  std::unique_ptr<MemoryEnd> ends[2];
};

MemoryPair MakeMemoryPair();

}  // namespace landspout

#endif  // LANDSPOUT_MEMORY_PAIR_H_
