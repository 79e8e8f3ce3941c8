// ChunkLines: bounds what llhttp does not, the bytes of a chunked body that are not data: digits of
// a chunk size, chunk extensions, trailers. RFC 9112 §7.1.1 asks a recipient to limit extensions.
#ifndef LANDSPOUT_CHUNK_LINES_H_
#define LANDSPOUT_CHUNK_LINES_H_

#include "abi.h"
#include "byte_class.h"

namespace landspout {

class ChunkLines {
 public:
  static constexpr uint32_t kMaxSizeDigits = 16;
  static constexpr uint32_t kMaxExtensionBytes = 16 * 1024;  // of one message, as Node limits them
  static constexpr uint32_t kMaxTrailerBytes = 16 * 1024;

  void Reset() { *this = ChunkLines(); }

  // Reads bytes between pieces of data. Returns 0, or the BAD_… of the limit that they are over.
  int32_t Scan(const char* at, const char* end) {
    for (; at < end; at++) {
      switch (state_) {
        case State::kSize:
          if (Is(kHex, *at)) {
            if (++digits_ > kMaxSizeDigits) return BAD_CHUNK;
            if (*at != '0') last_ = false;
          } else if (*at == '\n') {
            EndSizeLine();
          } else if (*at != '\r') {
            state_ = State::kExtension;
            extension_bytes_++;
          }
          break;
        case State::kExtension:
          if (*at == '\n') {
            EndSizeLine();
          } else if (++extension_bytes_ > kMaxExtensionBytes) {
            return BAD_CHUNK;
          }
          break;
        case State::kDataEnd:
          if (*at == '\n') {
            state_ = State::kSize;
            digits_ = 0;
            last_ = true;
          }
          break;
        case State::kTrailer:
          if (++trailer_bytes_ > kMaxTrailerBytes) return BAD_TRAILER_LENGTH;
          break;
      }
    }
    return 0;
  }

 private:
  enum class State : uint8_t { kSize, kExtension, kDataEnd, kTrailer };

  void EndSizeLine() { state_ = last_ ? State::kTrailer : State::kDataEnd; }

  State state_ = State::kSize;
  bool last_ = true;  // no digit but 0 so far
  uint32_t digits_ = 0;
  uint32_t extension_bytes_ = 0;
  uint32_t trailer_bytes_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_CHUNK_LINES_H_
