// The part of zlib's public interface that the addon uses, and where it is found: inside Node's
// executable (or in the libz that a distribution's Node is linked with), as symbols looked up at
// run time.
//
// Declared here and not by <zlib.h>, which a Node that is linked with a shared zlib does not bring.
// The struct and the numbers have been the same since zlib 1.0, and zlib checks both: the two Init
// functions refuse a struct of another size, and a version that does not begin with the same digit.
#ifndef LANDSPOUT_ZLIB_ABI_H_
#define LANDSPOUT_ZLIB_ABI_H_

namespace landspout {

struct ZStream {
  const unsigned char* next_in;
  unsigned avail_in;
  unsigned long total_in;
  unsigned char* next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char* message;
  void* state;
  void* (*allocate)(void* opaque, unsigned items, unsigned size);
  void (*release)(void* opaque, void* memory);
  void* opaque;
  // Of inflate: unused bits of the last byte; + 64 in the last block; + 128 right after a block.
  int data_type;
  unsigned long adler;
  unsigned long reserved;
};

constexpr char kZlibVersion[] = "1";
constexpr int kZSyncFlush = 2;
constexpr int kZOk = 0;
constexpr int kZStreamEnd = 1;
constexpr int kZMemError = -4;
constexpr int kZBufError = -5;
constexpr int kZDeflated = 8;
constexpr int kZDefaultStrategy = 0;
constexpr int kZUnusedBits = 63;
constexpr int kZAfterBlock = 128;

struct Zlib {
  const char* (*zlibVersion)();
  int (*deflateInit2_)(ZStream*, int level, int method, int window_bits, int mem_level,
                       int strategy, const char* version, int stream_size);
  int (*deflate)(ZStream*, int flush);
  int (*deflateReset)(ZStream*);
  int (*deflateEnd)(ZStream*);
  int (*inflateInit2_)(ZStream*, int window_bits, const char* version, int stream_size);
  int (*inflate)(ZStream*, int flush);
  int (*inflateReset)(ZStream*);
  int (*inflateGetDictionary)(ZStream*, unsigned char* dictionary, unsigned* length);
  int (*inflateSetDictionary)(ZStream*, const unsigned char* dictionary, unsigned length);
  int (*inflateEnd)(ZStream*);
};

// The zlib of this process; null if it has none that fits.
const Zlib* FindZlib();

}  // namespace landspout

#endif  // LANDSPOUT_ZLIB_ABI_H_
