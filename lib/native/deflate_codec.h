// Compressor and Decompressor: the messages of permessage-deflate (RFC 7692 §7.2) on zlib. Nothing
// here knows JavaScript; one thread at a time may use an object.
//
// Both make their zlib state with the first message that needs it, and count what zlib allocates.
#ifndef LANDSPOUT_DEFLATE_CODEC_H_
#define LANDSPOUT_DEFLATE_CODEC_H_

#include <cstddef>
#include <cstdint>

#include "zlib_abi.h"

namespace landspout {

// What became of a message; the addon exports them, lib/native/deflate.ts reads them.
#define LANDSPOUT_CODEC_RESULTS(X)                                   \
  X(RESULT_DONE, 0)                                                  \
  /* More than the most bytes allowed would come out. */             \
  X(RESULT_TOO_BIG, -1)                                              \
  X(RESULT_MALFORMED, -2)                                            \
  /* The bytes that one call may make are made; the rest is kept. */ \
  X(RESULT_UNFINISHED, -3)                                           \
  /* Closed while the work was done. */                              \
  X(RESULT_CLOSED, -4)                                               \
  X(RESULT_NO_MEMORY, -5)

enum CodecResult : int {
#define LANDSPOUT_ENUM(name, value) name = value,
  LANDSPOUT_CODEC_RESULTS(LANDSPOUT_ENUM)
#undef LANDSPOUT_ENUM
};

// Where results go: into the area that is lent, as long as they fit; else into memory of its own.
class CodecOutput {
 public:
  CodecOutput() = default;
  CodecOutput(unsigned char* area, size_t size) : data_(area), capacity_(size) {}
  CodecOutput(CodecOutput&& other) noexcept { *this = static_cast<CodecOutput&&>(other); }
  CodecOutput& operator=(CodecOutput&& other) noexcept;
  ~CodecOutput();

  unsigned char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t room() const { return capacity_ - size_; }
  bool owned() const { return owned_; }

  // Makes room for at least one byte more, of at most `most` in all.
  bool Grow(size_t most);
  // Leaves the lent area for memory of its own.
  bool Own();
  void Added(size_t count) { size_ += count; }
  void Dropped(size_t count) { size_ -= count; }
  // Gives the memory away, cut to its size; the caller frees it.
  unsigned char* Take();

 private:
  bool Move(size_t capacity);

  unsigned char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
  bool owned_ = false;
};

class Compressor {
 public:
  Compressor(const Zlib& zlib, int window_bits, int mem_level, int level)
      : zlib_(zlib), window_bits_(window_bits), mem_level_(mem_level), level_(level) {}
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { Release(); }

  // Compresses a message. Without `takeover` the next one does not refer to it.
  CodecResult Run(const unsigned char* bytes, size_t size, bool takeover, CodecOutput* out);
  // Frees the state; the next message does not refer to those before it.
  void Release();
  size_t held() const { return held_; }

 private:
  CodecResult Fail(CodecResult result);

  const Zlib& zlib_;
  const int window_bits_;
  const int mem_level_;
  const int level_;
  ZStream stream_ = {};
  bool open_ = false;
  size_t held_ = 0;
};

struct DecompressLimits {
  // Most bytes of the message.
  size_t most;
  // Bytes after which Run() returns RESULT_UNFINISHED; a multiple of it is made at most.
  size_t budget;
  bool takeover;
};

class Decompressor {
 public:
  Decompressor(const Zlib& zlib, int window_bits) : zlib_(zlib), window_bits_(window_bits) {}
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { Close(); }

  // Decompresses a message, or goes on with one that is unfinished: then `bytes` are what it has
  // not consumed and `out` is the same. An ordinary failure frees the state.
  CodecResult Run(const unsigned char* bytes, size_t size, const DecompressLimits& limits,
                  CodecOutput* out, size_t* consumed);
  // Between messages: frees the state, all but the bytes that the next message may refer to.
  bool Release();
  // Frees everything.
  void Close();
  size_t held() const { return held_ + history_size_; }

 private:
  CodecResult Begin();
  CodecResult Fail(CodecResult result);
  CodecResult End(bool takeover, bool is_ended);
  // After a block that says it is the last: what follows may refer to what came before.
  bool Restart();
  bool KeepHistory();
  bool UseHistory();
  void DropHistory();

  const Zlib& zlib_;
  const int window_bits_;
  ZStream stream_ = {};
  bool open_ = false;
  // Of the message in progress.
  bool in_message_ = false;
  bool in_tail_ = false;
  unsigned long before_tail_ = 0;
  int restarts_ = 0;
  size_t held_ = 0;
  unsigned char* history_ = nullptr;
  size_t history_size_ = 0;
};

}  // namespace landspout

#endif  // LANDSPOUT_DEFLATE_CODEC_H_
