// Takes the mask of a WebSocket frame off, 32 bytes at a time (RFC 6455 §5.3). The addon's function
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
  constexpr size_t kBlock = 32;
  unsigned char pattern[8];
  for (unsigned i = 0; i < 8; i++) {
    pattern[i] = static_cast<unsigned char>(key >> (24 - 8 * ((phase + i) & 3)));
  }
  uint64_t mask;
  std::memcpy(&mask, pattern, sizeof(mask));
  uint64_t seen[kBlock / 8] = {};
  // Fixed blocks of copied words: compilers make vector instructions of them, at any alignment.
  for (; size >= kBlock; size -= kBlock, data += kBlock) {
    uint64_t words[kBlock / 8];
    std::memcpy(words, data, kBlock);
    for (size_t i = 0; i < kBlock / 8; i++) {
      words[i] ^= mask;
      seen[i] |= words[i];
    }
    std::memcpy(data, words, kBlock);
  }
  uint64_t all = seen[0] | seen[1] | seen[2] | seen[3];
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
