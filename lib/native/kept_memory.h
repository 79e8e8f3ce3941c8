// What glibc does with memory that is freed: keeps it for the next who asks.
#ifndef LANDSPOUT_KEPT_MEMORY_H_
#define LANDSPOUT_KEPT_MEMORY_H_

#include <cstdlib>

namespace landspout {

// V8 frees the memory of dead Buffers in lots of up to 32 MiB, once a collection of young objects,
// and at its thresholds of 128 KiB glibc gives most of such a lot back to the kernel: the next
// messages then fault in every page anew. An echo of 64 KiB of bytes cost 16 page faults and 140 us
// a message by that, and costs 0.01 and 80 since.
//
// glibc raises its thresholds itself, to what is freed at a time: mmap to that size, trim to twice
// it, up to 32 and 64 MiB. This frees that much once, without touching it, instead of mallopt(3),
// so that settings of the environment (MALLOC_TRIM_THRESHOLD_, GLIBC_TUNABLES) still come first.
// The price: up to 64 MiB that are free at the end of the heap stay with the process. Other
// allocators are not affected.
inline void KeepFreedMemory() {
  constexpr size_t kMostBytes = 32 * 1024 * 1024 - 64 * 1024;  // glibc learns up to 32 MiB only
  static const bool is_done = [] {
    // Volatile: a compiler may drop a malloc that is only freed.
    void* volatile lot = std::malloc(kMostBytes);
    std::free(lot);
    return true;
  }();
  static_cast<void>(is_done);
}

}  // namespace landspout

#endif  // LANDSPOUT_KEPT_MEMORY_H_
