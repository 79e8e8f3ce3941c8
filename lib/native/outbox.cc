// Poller: the outbox. Commands are grouped by socket in the order they were given; each socket's
// bytes leave in one system call, and what the kernel refuses is queued. See poller.h.
#include <algorithm>
#include <cerrno>

#include "poller.h"

namespace landspout {

namespace {

constexpr size_t kMaxVectors = 64;
constexpr size_t kCopyBelow =
    2048;  // gathering by copy is cheaper than another iovec up to about here

}  // namespace

// @hot bench/run.mjs: once per turn; two passes over the commands.
void Poller::Flush() {
  if (flushing_ != 0) return;
  const int32_t words = shared_.control[CONTROL_COMMANDS];
  if (words <= 0) return;
  flushing_ = 1;
  const uint32_t count = std::min(static_cast<uint32_t>(words), kOutboxRingWords) /
                         static_cast<uint32_t>(COMMAND_WORDS);
  if (chain_.size() < count + 1) chain_.resize(count + 1);
  touched_.clear();
  for (uint32_t i = 0; i < count; i++) {
    const int32_t* command = shared_.outbox_ring + i * COMMAND_WORDS;
    const uint32_t index = static_cast<uint32_t>(command[COMMAND_SLOT]);
    Slot* slot = slots_.Find(index, static_cast<uint32_t>(command[COMMAND_GENERATION]));
    if (slot == nullptr) continue;
    chain_[i + 1] = 0;
    if (slot->chain_first == 0) {
      slot->chain_first = i + 1;
      touched_.push_back(index);
    } else {
      chain_[slot->chain_last] = i + 1;
    }
    slot->chain_last = i + 1;
  }
  for (const uint32_t index : touched_) FlushSlot(index);
  shared_.control[CONTROL_COMMANDS] = 0;
  flushing_ = 0;
}

void Poller::FlushSlot(uint32_t index) {
  const uint32_t generation = slots_.at(index).generation;
  uint32_t at = std::exchange(slots_.at(index).chain_first, 0);
  gathered_.clear();
  scratch_used_ = 0;
  file_budget_ = kSendBudget;
  for (; at != 0; at = chain_[at]) {
    const int32_t* command = shared_.outbox_ring + (at - 1) * COMMAND_WORDS;
    RunOp(index, command);
    if (slots_.Find(index, generation) == nullptr) return;
  }
  SendGathered(index);
}

void Poller::RunOp(uint32_t index, const int32_t* command) {
  Slot& slot = slots_.at(index);
  const uint32_t a = static_cast<uint32_t>(command[COMMAND_A]);
  const uint32_t b = static_cast<uint32_t>(command[COMMAND_B]);
  const uint32_t c = static_cast<uint32_t>(command[COMMAND_C]);
  const int32_t op = command[COMMAND_OP];
  if (slot.kind != SlotKind::kSocket) {
    const bool ends = op == OP_CLOSE || op == OP_ABORT;
    if (slot.kind == SlotKind::kListener && ends) Close(index, 0);
    return;
  }
  const uint32_t generation = slot.generation;
  switch (op) {
    case OP_WRITE:
      if (a <= b && b <= kOutboxArenaBytes) Gather(index, shared_.outbox_arena + a, b - a);
      return;
    case OP_FRAMED:
    case OP_TAGGED:
      GatherFramed(index, command);
      return;
    case OP_PIECE:
      if (c < pieces_.size()) Gather(index, pieces_[c].bytes.data(), pieces_[c].bytes.size());
      return;
    case OP_EXTERNAL:
      QueueExternal(index, command);
      return;
    case OP_FILE:
      QueueFile(index, command);
      return;
    case OP_PAUSE:
      slot.paused = true;
      MarkDirty(index);
      return;
    case OP_RESUME:
      slot.paused = false;
      if (slot.leftover != nullptr) MarkReady(index);
      MarkDirty(index);
      return;
    case OP_CONTINUE:
    case OP_RAW:
      slot.held = false;
      if (op == OP_RAW) {
        ReleaseParser(slot);
        slot.raw = true;
      }
      if (slot.leftover != nullptr) MarkReady(index);
      MarkDirty(index);
      return;
    default:
      break;
  }
  SendGathered(index);
  if (slots_.Find(index, generation) == nullptr) return;
  switch (op) {
    case OP_SHUTDOWN:
    case OP_LINGER:
      slot.shut = true;
      if (op == OP_LINGER) {
        slot.linger = true;
        slot.discard = true;
        slot.paused = false;
        slot.held = false;
        slot.leftover.reset();
        ReleaseParser(slot);
        MarkDirty(index);
      }
      if (slot.queue == nullptr) AfterQueueEmpty(index);
      return;
    case OP_CLOSE:
      slot.shut = true;
      slot.close_drained = true;
      slot.discard = true;
      if (slot.queue == nullptr) AfterQueueEmpty(index);
      return;
    case OP_RESET:
      Reset(index, 0);
      return;
    case OP_ABORT:
      Close(index, 0);
      return;
    default:
      return;
  }
}

// Bytes to leave with this socket's next system call. Small ones are laid side by side in the
// scratch buffer.
void Poller::Gather(uint32_t index, const char* bytes, size_t length) {
  Slot& slot = slots_.at(index);
  if (length == 0 || slot.shut) return;
  if (length <= kCopyBelow) {
    char* at = ScratchRoom(index, length);
    if (at == nullptr) return;
    std::memcpy(at, bytes, length);
    return GatherScratch(index, at, length);
  }
  gathered_.push_back({const_cast<char*>(bytes), length});
  if (gathered_.size() == kMaxVectors) SendGathered(index);
}

// Where `length` bytes fit behind what the scratch buffer holds, or nullptr: the socket was closed.
char* Poller::ScratchRoom(uint32_t index, size_t length) {
  if (scratch_used_ + length > kScratchBytes) {
    const uint32_t generation = slots_.at(index).generation;
    SendGathered(index);
    if (slots_.Find(index, generation) == nullptr) return nullptr;
  }
  return scratch_.get() + scratch_used_;
}

void Poller::GatherScratch(uint32_t index, char* at, size_t length) {
  scratch_used_ += length;
  if (!gathered_.empty()) {
    iovec& last = gathered_.back();
    if (static_cast<char*>(last.iov_base) + last.iov_len == at) {
      last.iov_len += length;
      return;
    }
  }
  gathered_.push_back({at, length});
  if (gathered_.size() == kMaxVectors) SendGathered(index);
}

// `more`: a file follows, whose first bytes are to share a segment with the last of these.
void Poller::SendGathered(uint32_t index, bool more) {
  if (gathered_.empty()) return;
  Slot& slot = slots_.at(index);
  size_t total = 0;
  for (const iovec& piece : gathered_) total += piece.iov_len;
  size_t sent = 0;
  if (slot.queue == nullptr) {
    const ssize_t n = TransportSend(slot.transport.get(), slot.fd.get(), gathered_.data(),
                                    gathered_.size(), more);
    CountSend(n);
    if (n < 0 && n != -EAGAIN) {
      DropGathered();
      return Close(index, static_cast<int>(-n));
    }
    if (n > 0) sent = static_cast<size_t>(n);
  }
  if (sent == total) return DropGathered();
  KeepUnsent(index, sent);
  MarkDirty(index);
  UpdatePending(index);
}

// Queues what the kernel has not taken of what was gathered. Returns by how much `sent` is more.
size_t Poller::KeepUnsent(uint32_t index, size_t sent) {
  for (const iovec& piece : gathered_) {
    const size_t skip = std::min(sent, piece.iov_len);
    sent -= skip;
    if (skip == piece.iov_len) continue;
    QueueOf(index).Append(static_cast<const char*>(piece.iov_base) + skip, piece.iov_len - skip);
  }
  DropGathered();
  return sent;
}

SendQueue& Poller::QueueOf(uint32_t index) {
  Slot& slot = slots_.at(index);
  if (slot.queue == nullptr) {
    slot.queue = std::make_unique<SendQueue>(env_);
    // A stall is counted from where it begins, however long ago the last read was.
    shared_.last_active[index] = StampTime();
  }
  return *slot.queue;
}

void Poller::UpdatePending(uint32_t index) {
  const Slot& slot = slots_.at(index);
  const uint64_t bytes = slot.queue == nullptr ? 0 : slot.queue->bytes();
  const int32_t now = static_cast<int32_t>(std::min<uint64_t>(bytes, 0x7fffffff));
  shared_.stats[STAT_QUEUED_BYTES] += now - shared_.pending_bytes[index];
  shared_.pending_bytes[index] = now;
}

int Poller::CloseSlotByNumber(uint32_t index, uint32_t generation) {
  Slot* slot = slots_.Find(index, generation);
  if (slot == nullptr || slot->kind == SlotKind::kUser) return -ENOENT;
  Close(index, 0);
  return 0;
}

int Poller::DescriptorOf(uint32_t index, uint32_t generation) {
  Slot* slot = slots_.Find(index, generation);
  return slot == nullptr ? -ENOENT : slot->fd.get();
}

}  // namespace landspout
