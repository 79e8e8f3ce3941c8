// Inbox: the arena that sockets are read into and the ring of records about it, both written here
// and read by TypeScript. The poller empties it by calling JavaScript; nothing in it outlives that
// call.
#ifndef LANDSPOUT_INBOX_H_
#define LANDSPOUT_INBOX_H_

#include <cassert>
#include <cstring>
#include <utility>

#include "abi.h"

namespace landspout {

class Inbox {
 public:
  void Attach(char* arena, int32_t* ring) {
    arena_ = arena;
    ring_ = ring;
  }

  char* arena() { return arena_; }
  uint32_t words() const { return words_; }
  uint32_t used() const { return used_; }
  int32_t OffsetOf(const char* at) const { return static_cast<int32_t>(at - arena_); }

  // Room for one more recv(2): its bytes, the same again so that a head kept from earlier turns can
  // be laid out behind them, and the records they can make. What is read is also handed on before
  // it is so much that it has left the CPU's cache.
  bool HasRoom(size_t kept_bytes) const {
    return used_ < kInboxFullBytes &&
           kInboxArenaBytes - used_ >= 2 * static_cast<size_t>(kReceiveBytes) + kept_bytes &&
           kInboxRingWords - words_ >= kReceiveRingWords;
  }
  bool HasRingRoom(uint32_t words) const { return kInboxRingWords - words_ >= words; }
  bool empty() const { return words_ == 0; }

  char* Tail() { return arena_ + used_; }
  void Take(size_t bytes) {
    // Records of one socket often end at odd offsets; the next recv starts on a cache line.
    used_ = (used_ + static_cast<uint32_t>(bytes) + 63u) & ~63u;
    if (used_ > kInboxArenaBytes) used_ = kInboxArenaBytes;
  }
  // Copies bytes behind what the arena holds. Null if they do not fit.
  char* Copy(const char* bytes, size_t length) {
    if (length > kInboxArenaBytes - used_) return nullptr;
    char* at = arena_ + used_;
    std::memcpy(at, bytes, length);
    Take(length);
    return at;
  }

  // A record's words; the caller has made sure of room (HasRoom, HasRingRoom).
  int32_t* Begin(uint32_t words, int32_t kind, uint32_t slot, uint32_t generation) {
    assert(HasRingRoom(words));
    int32_t* record = ring_ + words_;
    record[RECORD_LENGTH] = static_cast<int32_t>(words);
    record[RECORD_KIND] = kind;
    record[RECORD_SLOT] = static_cast<int32_t>(slot);
    record[RECORD_GENERATION] = static_cast<int32_t>(generation);
    words_ += words;
    records_++;
    return record;
  }

  // Called when JavaScript has walked the first `words`; records that its own calls made stay.
  void Consumed(uint32_t words) {
    if (words < words_) std::memmove(ring_, ring_ + words, sizeof(int32_t) * (words_ - words));
    words_ -= words;
    used_ = 0;
  }

  // How many records were begun since this was asked last.
  uint32_t TakeRecords() { return std::exchange(records_, 0); }

 private:
  char* arena_ = nullptr;
  int32_t* ring_ = nullptr;
  uint32_t used_ = 0;
  uint32_t words_ = 0;
  uint32_t records_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_INBOX_H_
