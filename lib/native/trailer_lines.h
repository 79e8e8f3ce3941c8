// TrailerLines: reads the trailer section behind the last chunk, and drops it. Ours and not
// llhttp's, which gives fields their meaning here, too, and refuses a Content-Length in a trailer;
// RFC 9110 §6.5.1 has a recipient ignore it. The grammar of a field line is held all the same. RFC
// 9112 §7.1.2.
#ifndef LANDSPOUT_TRAILER_LINES_H_
#define LANDSPOUT_TRAILER_LINES_H_

#include "abi.h"
#include "byte_class.h"

namespace landspout {

class TrailerLines {
 public:
  static constexpr uint32_t kMaxBytes = 16 * 1024;

  void Reset() { *this = TrailerLines(); }
  bool done() const { return state_ == State::kDone; }

  // Reads on until the section ends or the bytes do; `*at` moves. Returns 0 or a BAD_….
  int32_t Scan(const char** at, const char* end) {
    for (; *at < end && state_ != State::kDone; ++*at) {
      const char byte = **at;
      if (++bytes_ > kMaxBytes) return BAD_TRAILER_LENGTH;
      switch (state_) {
        case State::kLineStart:
          if (byte == '\r') {
            state_ = State::kLastFeed;
          } else if (Is(kToken, byte)) {
            state_ = State::kName;
          } else {
            return byte == '\n' ? BAD_LINE_END : BAD_FIELD;
          }
          break;
        case State::kName:
          if (byte == ':') {
            state_ = State::kValue;
          } else if (!Is(kToken, byte)) {
            return BAD_FIELD;
          }
          break;
        case State::kValue:
          if (byte == '\r') {
            state_ = State::kFeed;
          } else if (byte == '\n') {
            return BAD_LINE_END;
          } else if (byte != '\t' && byte != ' ' && byte != '#' && !Is(kTarget, byte)) {
            return BAD_FIELD;
          }
          break;
        case State::kFeed:
        case State::kLastFeed:
          if (byte != '\n') return BAD_LINE_END;
          state_ = state_ == State::kFeed ? State::kLineStart : State::kDone;
          break;
        case State::kDone:
          break;
      }
    }
    return 0;
  }

 private:
  enum class State : uint8_t { kLineStart, kName, kValue, kFeed, kLastFeed, kDone };

  State state_ = State::kLineStart;
  uint32_t bytes_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_TRAILER_LINES_H_
