// Poller: OP_FILE, a span of an open file. See poller.h; the bytes are file_send.h's.
//
// The descriptor is JavaScript's, which may close it once the outbox has been flushed: what the
// kernel does not take at once is queued with a duplicate. A turn sends at most kSendBudget bytes
// of files to a socket and kTurnSendBudget to all, however fast they take them, so that downloads
// delay the others no more than that; the rest waits for EPOLLOUT, which comes again at once if the
// socket has room.
//
// A file that has become shorter than promised ends its connection by RST with ENODATA, as any
// other error of the file does with its own: a response cut short must not look complete.
#include <algorithm>
#include <cerrno>
#include <cmath>

#include "file_send.h"
#include "poller.h"

namespace landspout {

namespace {

// Up to here a read beside the head and one send are cheaper than a send and a sendfile (loopback:
// 5.7 against 7.1 us for 1 KiB, even at 20 KiB, 8.4 against 6.6 us for 48 KiB).
constexpr uint64_t kReadBytes = 16 * 1024;

// A rest of up to this many bytes is queued as a copy: a descriptor is the scarcer thing.
constexpr uint64_t kCopyRestBytes = 64 * 1024;

constexpr double kMaxSafeInteger = 9007199254740991.0;

struct Span {
  double position;
  double length;
};

bool IsOffset(double value) {
  return value >= 0 && value <= kMaxSafeInteger && std::trunc(value) == value;
}

}  // namespace

// @hot bench/run.mjs: once per file.
void Poller::QueueFile(uint32_t index, const int32_t* command) {
  Slot& slot = slots_.at(index);
  if (slot.shut) return;
  const uint32_t a = static_cast<uint32_t>(command[COMMAND_A]);
  const uint32_t b = static_cast<uint32_t>(command[COMMAND_B]);
  const int file = command[COMMAND_C];
  if (b > kOutboxArenaBytes || a > b || b - a != sizeof(Span) || file < 0)
    return Reset(index, EINVAL);
  Span span;
  std::memcpy(&span, shared_.outbox_arena + a, sizeof(span));
  if (!IsOffset(span.position) || !IsOffset(span.length) ||
      span.position + span.length > kMaxSafeInteger)
    return Reset(index, EINVAL);
  uint64_t position = static_cast<uint64_t>(span.position);
  uint64_t length = static_cast<uint64_t>(span.length);
  if (length == 0) return;
  if (length <= kReadBytes) return GatherFile(index, file, position, length);
  const uint32_t generation = slot.generation;
  SendGathered(index, true);
  if (slots_.Find(index, generation) == nullptr) return;
  const size_t budget = std::min(file_budget_, turn_budget_);
  if (slot.queue == nullptr && budget != 0) {
    const size_t asked = std::min<uint64_t>(length, budget);
    const ssize_t n = SendFile(slot.transport.get(), slot.fd.get(), file, position, asked);
    CountSend(n);
    if (n < 0 && n != -EAGAIN) return Reset(index, static_cast<int>(-n));
    if (n > 0) {
      position += static_cast<uint64_t>(n);
      length -= static_cast<uint64_t>(n);
      file_budget_ -= static_cast<size_t>(n);
      turn_budget_ -= static_cast<size_t>(n);
    }
    if (length == 0) return;
  }
  static_assert(kReadBytes <= kScratchBytes && kCopyRestBytes <= kScratchBytes);
  int error = 0;
  if (length <= kCopyRestBytes) {
    error = ReadFile(file, position, scratch_.get(), length);
    if (error == 0) QueueOf(index).Append(scratch_.get(), length);
  } else {
    error = QueueOf(index).AppendFile(file, position, length);
  }
  if (error != 0) return Reset(index, -error);
  MarkDirty(index);
  UpdatePending(index);
}

// A small file leaves in one system call with its head.
void Poller::GatherFile(uint32_t index, int file, uint64_t position, size_t length) {
  char* at = ScratchRoom(index, length);
  if (at == nullptr) return;
  const int error = ReadFile(file, position, at, length);
  if (error == 0) return GatherScratch(index, at, length);
  const uint32_t generation = slots_.at(index).generation;
  SendGathered(index);  // responses before it
  if (slots_.Find(index, generation) != nullptr) Reset(index, -error);
}

}  // namespace landspout
