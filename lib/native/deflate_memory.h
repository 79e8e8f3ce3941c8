// CountedMemory: malloc for zlib that keeps count of the bytes in use.
#ifndef LANDSPOUT_DEFLATE_MEMORY_H_
#define LANDSPOUT_DEFLATE_MEMORY_H_

#include <cstddef>
#include <cstdlib>

#include "zlib_abi.h"

namespace landspout {

struct CountedMemory {
  // Before each block, as long as malloc's alignment.
  static constexpr size_t kHead = alignof(max_align_t);
  static_assert(kHead >= sizeof(size_t));

  // Has `stream` allocate here; `count` must live as long as it.
  static void Use(ZStream* stream, size_t* count) {
    stream->allocate = Allocate;
    stream->release = Release;
    stream->opaque = count;
  }

 private:
  static void* Allocate(void* count, unsigned items, unsigned size) {
    const size_t bytes = static_cast<size_t>(items) * size;
    char* block = static_cast<char*>(std::malloc(kHead + bytes));
    if (block == nullptr) return nullptr;
    *reinterpret_cast<size_t*>(block) = bytes;
    *static_cast<size_t*>(count) += bytes;
    return block + kHead;
  }
  static void Release(void* count, void* memory) {
    if (memory == nullptr) return;
    char* block = static_cast<char*>(memory) - kHead;
    *static_cast<size_t*>(count) -= *reinterpret_cast<size_t*>(block);
    std::free(block);
  }
};

}  // namespace landspout

#endif  // LANDSPOUT_DEFLATE_MEMORY_H_
