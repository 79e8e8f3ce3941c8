// Decompressor. What comes from a peer ends here in one of four results; none of them is an
// exception, and none costs more than the bytes allowed and their input.
#include <algorithm>
#include <cstdlib>

#include "deflate_codec.h"
#include "deflate_memory.h"

namespace landspout {

namespace {

// What the sender has left out of each message. RFC 7692 §7.2.2.
constexpr unsigned char kTail[] = {0x00, 0x00, 0xff, 0xff};
constexpr size_t kLargestWindow = 32 * 1024;
// Blocks within one message that say they are the last. Each costs a copy of the window, so a
// message of nothing else would cost far more than its bytes; senders make one.
constexpr int kMostRestarts = 16;

}  // namespace

CodecResult Decompressor::Run(const unsigned char* bytes, size_t size,
                              const DecompressLimits& limits, CodecOutput* out, size_t* consumed) {
  *consumed = 0;
  // Nothing at all: some senders make that of an empty message, when they flush twice.
  if (!in_message_ && size == 0) return RESULT_DONE;
  if (const CodecResult begun = Begin(); begun != RESULT_DONE) return begun;
  const size_t most = limits.most + 1;
  const size_t pause = out->size() + limits.budget;
  if (!in_tail_) {
    stream_.next_in = bytes;
    stream_.avail_in = static_cast<unsigned>(size);
  }
  // While zlib has found no room it may have output left, and not have told that a block ended.
  bool is_drained = out->room() > 0;
  for (;;) {
    if (stream_.avail_in == 0 && !in_tail_ && is_drained) {
      *consumed = size;
      in_tail_ = true;
      before_tail_ = stream_.total_out;
      stream_.next_in = kTail;
      stream_.avail_in = sizeof(kTail);
    }
    if (out->room() == 0) {
      if (out->size() >= pause) {
        if (!in_tail_) *consumed = size - stream_.avail_in;
        return RESULT_UNFINISHED;
      }
      if (!out->Grow(most)) return Fail(RESULT_NO_MEMORY);
    }
    const size_t left = std::min({out->room(), most - out->size(), size_t{UINT32_MAX}});
    stream_.next_out = out->data() + out->size();
    stream_.avail_out = static_cast<unsigned>(left);
    const int error = zlib_.inflate(&stream_, kZSyncFlush);
    out->Added(left - stream_.avail_out);
    is_drained = stream_.avail_out > 0;
    if (out->size() > limits.most) return Fail(RESULT_TOO_BIG);
    if (error == kZMemError) return Fail(RESULT_NO_MEMORY);
    if (error == kZStreamEnd) {
      // A message that ends with its last block is whole, with the byte that should follow or
      // without; so is one whose last block is stored and empty, and the tail the rest of it.
      const bool is_whole = !in_tail_ || stream_.total_out == before_tail_;
      if (stream_.avail_in == 0 && is_whole) return End(limits.takeover, true);
      if (++restarts_ > kMostRestarts) return Fail(RESULT_MALFORMED);
      if (!Restart()) return Fail(RESULT_NO_MEMORY);
      continue;
    }
    if (error != kZOk && error != kZBufError) return Fail(RESULT_MALFORMED);
    if (is_drained && stream_.avail_in == 0 && in_tail_) {
      // The tail must have ended a block; else the message was cut short and it was taken for data.
      const bool is_whole = (stream_.data_type & (kZAfterBlock | kZUnusedBits)) == kZAfterBlock;
      return is_whole ? End(limits.takeover, false) : Fail(RESULT_MALFORMED);
    }
    if (error == kZBufError && is_drained && stream_.avail_in > 0) return Fail(RESULT_MALFORMED);
  }
}

CodecResult Decompressor::Begin() {
  if (!open_) {
    CountedMemory::Use(&stream_, &held_);
    const int error = zlib_.inflateInit2_(&stream_, -window_bits_, kZlibVersion,
                                          static_cast<int>(sizeof(ZStream)));
    if (error != kZOk) return RESULT_NO_MEMORY;
    open_ = true;
    if (!UseHistory()) return Fail(RESULT_NO_MEMORY);
  }
  if (!in_message_) {
    in_message_ = true;
    in_tail_ = false;
    restarts_ = 0;
  }
  return RESULT_DONE;
}

CodecResult Decompressor::End(bool takeover, bool is_ended) {
  in_message_ = false;
  if (!takeover) {
    zlib_.inflateReset(&stream_);
  } else if (is_ended && !Restart()) {
    return Fail(RESULT_NO_MEMORY);
  }
  stream_.next_in = nullptr;
  stream_.next_out = nullptr;
  return RESULT_DONE;
}

bool Decompressor::Restart() {
  if (!KeepHistory()) return false;
  zlib_.inflateReset(&stream_);
  return UseHistory();
}

bool Decompressor::KeepHistory() {
  DropHistory();
  unsigned length = 0;
  if (zlib_.inflateGetDictionary(&stream_, nullptr, &length) != kZOk || length > kLargestWindow)
    return false;
  if (length == 0) return true;
  history_ = static_cast<unsigned char*>(std::malloc(length));
  if (history_ == nullptr) return false;
  history_size_ = length;
  return zlib_.inflateGetDictionary(&stream_, history_, &length) == kZOk;
}

bool Decompressor::UseHistory() {
  const bool is_taken =
      history_size_ == 0 ||
      zlib_.inflateSetDictionary(&stream_, history_, static_cast<unsigned>(history_size_)) == kZOk;
  DropHistory();
  return is_taken;
}

void Decompressor::DropHistory() {
  std::free(history_);
  history_ = nullptr;
  history_size_ = 0;
}

bool Decompressor::Release() {
  if (in_message_) return false;
  if (!open_) return true;
  if (!KeepHistory()) return false;
  zlib_.inflateEnd(&stream_);
  open_ = false;
  stream_ = {};
  return true;
}

void Decompressor::Close() {
  if (open_) zlib_.inflateEnd(&stream_);
  open_ = false;
  in_message_ = false;
  stream_ = {};
  DropHistory();
}

CodecResult Decompressor::Fail(CodecResult result) {
  Close();
  return result;
}

}  // namespace landspout
