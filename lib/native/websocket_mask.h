// Takes the mask of a WebSocket frame off, 64 bytes at a time (RFC 6455 §5.3). The addon's function
// `unmask` is websocket_mask.cc.
#ifndef LANDSPOUT_WEBSOCKET_MASK_H_
#define LANDSPOUT_WEBSOCKET_MASK_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace landspout {

// XORs `data` with the four bytes of `key`, first on the wire highest, beginning with byte `phase`
// (0 to 3) of them. Returns the OR of all result bytes, eight to a word: a bit of 0x80 in any byte
// says that the result is not ASCII.
inline uint64_t UnmaskBytes(unsigned char* data, size_t size, uint32_t key, unsigned phase) {
  // A register of SSE2 or NEON, which every machine we build for has. Copied in and out, so that
  // the bytes may lie at any address.
  typedef uint64_t Lane __attribute__((vector_size(16)));
  constexpr size_t kLanes = 4;
  constexpr size_t kBlock = kLanes * sizeof(Lane);
  unsigned char pattern[8];
  for (unsigned i = 0; i < 8; i++) {
    pattern[i] = static_cast<unsigned char>(key >> (24 - 8 * ((phase + i) & 3)));
  }
  uint64_t mask;
  std::memcpy(&mask, pattern, sizeof(mask));
  const Lane lane_mask = {mask, mask};
  Lane seen = {0, 0};
  for (; size >= kBlock; size -= kBlock, data += kBlock) {
    Lane a, b, c, d;
    std::memcpy(&a, data, sizeof(a));
    std::memcpy(&b, data + 16, sizeof(b));
    std::memcpy(&c, data + 32, sizeof(c));
    std::memcpy(&d, data + 48, sizeof(d));
    a ^= lane_mask;
    b ^= lane_mask;
    c ^= lane_mask;
    d ^= lane_mask;
    seen |= (a | b) | (c | d);
    std::memcpy(data, &a, sizeof(a));
    std::memcpy(data + 16, &b, sizeof(b));
    std::memcpy(data + 32, &c, sizeof(c));
    std::memcpy(data + 48, &d, sizeof(d));
  }
  uint64_t all = seen[0] | seen[1];
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= mask;
    all |= word;
    std::memcpy(data, &word, 8);
  }
  for (size_t i = 0; i < size; i++) {
    data[i] ^= pattern[i];
    all |= data[i];
  }
  return all;
}

// Adds `unmask` to the addon.
void DefineWebSocketMask(napi_env env, napi_value exports);

}  // namespace landspout

#endif  // LANDSPOUT_WEBSOCKET_MASK_H_
