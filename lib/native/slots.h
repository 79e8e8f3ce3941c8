// Slot: one descriptor the loop watches. A slot is named by a small number and a generation; an
// event or a command of an earlier generation is dropped, so that a reused number never gets a
// stranger's bytes. SlotTable: all of them, in blocks that never move. Freed slots rest until the
// turn is over.
#ifndef LANDSPOUT_SLOTS_H_
#define LANDSPOUT_SLOTS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "bytes.h"
#include "http_parser.h"
#include "send_queue.h"
#include "transport.h"
#include "unique_fd.h"

namespace landspout {

enum class SlotKind : uint8_t { kFree, kListener, kSocket, kUser };

struct Slot {
  UniqueFd fd;
  uint32_t generation = 1;
  SlotKind kind = SlotKind::kFree;
  uint8_t lead = 0;           // bytes of the empty line allowed before a request
  uint8_t trickles = 0;       // tiny reads in a row inside one message
  bool raw : 1 = false;       // not HTTP
  bool paused : 1 = false;    // by OP_PAUSE; a listener: for want of descriptors
  bool held : 1 = false;      // behind an Upgrade head
  bool deferred : 1 = false;  // paced: a trickling peer is read every few milliseconds
  bool pacing : 1 = false;    // and will be, until it sends faster or the message ends
  bool discard : 1 = false;   // what arrives has no meaning any more
  bool eof : 1 = false;       // the peer has half-closed
  bool shut : 1 = false;      // we have, or will when the queue is empty
  bool shut_done : 1 = false;
  bool linger : 1 = false;         // close at the peer's end
  bool close_drained : 1 = false;  // close when the queue is empty
  bool queued_ready : 1 = false;   // on the ready list
  bool queued_dirty : 1 = false;   // on the list of changed interests
  bool connecting : 1 = false;     // connect(2) is in progress
  bool adopted : 1 = false;        // somebody else may have the same socket open
  uint32_t events = 0;             // registered with epoll
  uint32_t config = 0;             // index of the listener's limits
  uint32_t chain_first = 0;        // outbox commands of this flush, 1-based; 0 = none
  uint32_t chain_last = 0;
  HttpParser* parser = nullptr;  // owned by the pool, here while a message is in progress
  std::unique_ptr<SendQueue> queue;
  std::unique_ptr<Bytes> leftover;  // read but not yet parsed
  std::unique_ptr<Transport> transport;

  bool Reading() const { return !paused && !held && !deferred && !eof; }
};

class SlotTable {
 public:
  explicit SlotTable(uint32_t capacity) : capacity_(capacity) {}

  uint32_t count() const { return count_; }
  Slot& at(uint32_t index) { return blocks_[index / kBlock][index % kBlock]; }
  Slot* Find(uint32_t index, uint32_t generation) {
    if (index >= count_) return nullptr;
    Slot& slot = at(index);
    return slot.kind != SlotKind::kFree && slot.generation == generation ? &slot : nullptr;
  }

  // A free slot's number, or -1 if all are taken.
  int64_t Acquire() {
    if (!free_.empty()) {
      const uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    if (count_ == capacity_) return -1;
    if (count_ % kBlock == 0) blocks_.push_back(std::make_unique<Slot[]>(kBlock));
    return count_++;
  }
  void Release(uint32_t index) {
    Slot& slot = at(index);
    const uint32_t next = (slot.generation + 1) & 0x7fffffffu;
    slot = Slot();
    slot.generation = next == 0 ? 1 : next;
    resting_.push_back(index);
  }
  // The turn is over: what was freed in it may be used again.
  void EndTurn() {
    if (resting_.empty()) return;
    free_.insert(free_.end(), resting_.begin(), resting_.end());
    resting_.clear();
  }

 private:
  static constexpr uint32_t kBlock = 256;
  uint32_t capacity_;
  uint32_t count_ = 0;
  std::vector<std::unique_ptr<Slot[]>> blocks_;
  std::vector<uint32_t> free_;
  std::vector<uint32_t> resting_;
};

class ParserPool {
 public:
  HttpParser* Take() {
    if (free_.empty()) return new HttpParser();
    HttpParser* parser = free_.back().release();
    free_.pop_back();
    return parser;
  }
  void Give(HttpParser* parser) {
    parser->End();
    std::unique_ptr<HttpParser> owned(parser);
    if (free_.size() < kKept) free_.push_back(std::move(owned));
  }

 private:
  static constexpr size_t kKept = 256;
  std::vector<std::unique_ptr<HttpParser>> free_;
};

}  // namespace landspout

#endif  // LANDSPOUT_SLOTS_H_
