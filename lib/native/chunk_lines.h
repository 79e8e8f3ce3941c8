// ChunkLines: reads along with llhttp what of a chunked body is not data, to know what llhttp does
// not tell (the size of the chunk to come) and to bound what it does not (digits of a size,
// extensions). RFC 9112 §7.1.1 asks a recipient to limit extensions.
#ifndef LANDSPOUT_CHUNK_LINES_H_
#define LANDSPOUT_CHUNK_LINES_H_

#include "abi.h"
#include "byte_class.h"

namespace landspout {

class ChunkLines {
 public:
  static constexpr uint32_t kMaxSizeDigits = 16;
  static constexpr uint32_t kMaxExtensionBytes = 16 * 1024;  // of one message, as Node limits them

  void Reset() { *this = ChunkLines(); }

  // Of the chunk whose size line was read last; 0 for the last chunk.
  uint64_t size() const { return size_; }

  // Reads bytes between pieces of data. Returns 0, or the BAD_… of the limit that they are over.
  int32_t Scan(const char* at, const char* end) {
    for (; at < end; at++) {
      switch (state_) {
        case State::kSize:
          if (Is(kHex, *at)) {
            if (++digits_ > kMaxSizeDigits) return BAD_CHUNK;
            const uint32_t low = static_cast<uint32_t>(*at) | 0x20;
            size_ = size_ << 4 | (low <= '9' ? low - '0' : low - 'a' + 10);
          } else if (*at == '\n') {
            state_ = State::kDataEnd;
          } else if (*at != '\r') {
            state_ = State::kExtension;
            extension_bytes_++;
          }
          break;
        case State::kExtension:
          if (*at == '\n') {
            state_ = State::kDataEnd;
          } else if (++extension_bytes_ > kMaxExtensionBytes) {
            return BAD_CHUNK;
          }
          break;
        case State::kDataEnd:
          if (*at == '\n') {
            state_ = State::kSize;
            digits_ = 0;
            size_ = 0;
          }
          break;
      }
    }
    return 0;
  }

 private:
  enum class State : uint8_t { kSize, kExtension, kDataEnd };

  State state_ = State::kSize;
  uint32_t digits_ = 0;
  uint32_t extension_bytes_ = 0;
  uint64_t size_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_CHUNK_LINES_H_
