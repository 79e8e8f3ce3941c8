// CodecOutput and Compressor.
#include <cstdlib>
#include <cstring>
#include <utility>

#include "deflate_codec.h"
#include "deflate_memory.h"

namespace landspout {

namespace {

constexpr size_t kFirstOutput = 4096;
// The empty block that Z_SYNC_FLUSH ends with, without its three bits. RFC 7692 §7.2.1.
constexpr unsigned char kTail[] = {0x00, 0x00, 0xff, 0xff};
// Below it a flush may be repeated, says zlib.h.
constexpr size_t kFlushRoom = 16;

}  // namespace

CodecOutput& CodecOutput::operator=(CodecOutput&& other) noexcept {
  if (this == &other) return *this;
  if (owned_) std::free(data_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  owned_ = std::exchange(other.owned_, false);
  return *this;
}

CodecOutput::~CodecOutput() {
  if (owned_) std::free(data_);
}

bool CodecOutput::Grow(size_t most) {
  if (most <= size_) return false;
  size_t capacity = capacity_ < kFirstOutput / 2 ? kFirstOutput : 2 * capacity_;
  if (capacity > most) capacity = most;
  return Move(capacity);
}

bool CodecOutput::Own() { return owned_ || Move(size_ == 0 ? 1 : size_); }

bool CodecOutput::Move(size_t capacity) {
  void* moved = std::realloc(owned_ ? data_ : nullptr, capacity);
  if (moved == nullptr) return false;
  if (!owned_ && size_ > 0) std::memcpy(moved, data_, size_);
  data_ = static_cast<unsigned char*>(moved);
  capacity_ = capacity;
  owned_ = true;
  return true;
}

unsigned char* CodecOutput::Take() {
  if (size_ > 0 && size_ < capacity_) Move(size_);
  size_ = 0;
  capacity_ = 0;
  owned_ = false;
  return std::exchange(data_, nullptr);
}

CodecResult Compressor::Run(const unsigned char* bytes, size_t size, bool takeover,
                            CodecOutput* out) {
  constexpr size_t kMost = SIZE_MAX / 4;
  if (out->room() < kFlushRoom && !out->Grow(kMost)) return RESULT_NO_MEMORY;
  if (size == 0) {
    // RFC 7692 §7.2.3.6. A second flush without bytes between would make nothing.
    out->data()[out->size()] = 0x00;
    out->Added(1);
    return RESULT_DONE;
  }
  if (!open_) {
    CountedMemory::Use(&stream_, &held_);
    const int error =
        zlib_.deflateInit2_(&stream_, level_, kZDeflated, -window_bits_, mem_level_,
                            kZDefaultStrategy, kZlibVersion, static_cast<int>(sizeof(ZStream)));
    if (error != kZOk) return RESULT_NO_MEMORY;
    open_ = true;
  }
  stream_.next_in = bytes;
  stream_.avail_in = static_cast<unsigned>(size);
  for (;;) {
    if (out->room() < kFlushRoom && !out->Grow(kMost)) return Fail(RESULT_NO_MEMORY);
    const unsigned room =
        out->room() > UINT32_MAX ? UINT32_MAX : static_cast<unsigned>(out->room());
    stream_.next_out = out->data() + out->size();
    stream_.avail_out = room;
    const int error = zlib_.deflate(&stream_, kZSyncFlush);
    out->Added(room - stream_.avail_out);
    // Z_BUF_ERROR: the flush had ended with the last byte of room.
    if (error != kZOk && error != kZBufError) return Fail(RESULT_NO_MEMORY);
    if (stream_.avail_out > 0) break;
  }
  stream_.next_in = nullptr;
  stream_.next_out = nullptr;
  const unsigned char* end = out->data() + out->size();
  if (out->size() <= sizeof(kTail) || std::memcmp(end - sizeof(kTail), kTail, sizeof(kTail)) != 0)
    return Fail(RESULT_NO_MEMORY);
  out->Dropped(sizeof(kTail));
  if (!takeover) zlib_.deflateReset(&stream_);
  return RESULT_DONE;
}

void Compressor::Release() {
  if (open_) zlib_.deflateEnd(&stream_);
  open_ = false;
  stream_ = {};
}

// The state is half-way through a message that nobody will get: it cannot be used again.
CodecResult Compressor::Fail(CodecResult result) {
  Release();
  return result;
}

}  // namespace landspout
