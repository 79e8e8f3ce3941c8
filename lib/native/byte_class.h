// Byte classes of RFC 9110 §5.6.2 and RFC 3986, one table each, and the path hash.
#ifndef LANDSPOUT_BYTE_CLASS_H_
#define LANDSPOUT_BYTE_CLASS_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace landspout {

enum ByteClass : uint8_t {
  kToken = 1,  // tchar
  kDigit = 2,
  kHex = 4,
  kHostName = 8,  // unreserved / sub-delims without ',' : a reg-name's bytes but for '%'
  kTarget = 16,   // VCHAR or obs-text, but for '#' (no target has a fragment)
};

struct ByteTable {
  uint8_t of[256] = {};
};

constexpr ByteTable MakeByteTable() {
  ByteTable table;
  for (int c = 0; c < 256; c++) {
    const bool digit = c >= '0' && c <= '9';
    const bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    uint8_t bits = 0;
    if (digit) bits |= kDigit;
    if (digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) bits |= kHex;
    if (digit || alpha) bits |= kToken | kHostName;
    for (const char* p = "!#$%&'*+-.^_`|~"; *p != '\0'; p++) {
      if (c == *p) bits |= kToken;
    }
    for (const char* p = "-._~!$&'()*+;="; *p != '\0'; p++) {
      if (c == *p) bits |= kHostName;
    }
    if (c > 0x20 && c != 0x7f && c != '#') bits |= kTarget;
    table.of[c] = bits;
  }
  return table;
}

inline constexpr ByteTable kByteTable = MakeByteTable();

inline bool Is(ByteClass wanted, char c) {
  return (kByteTable.of[static_cast<unsigned char>(c)] & wanted) != 0;
}

// The hash by which TypeScript finds a literal route; it then compares the bytes. Eight bytes a
// step.
inline int32_t HashBytes(const char* data, size_t length) {
  constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15ull;
  uint64_t hash = length * kMultiplier;
  while (length >= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 32;
    data += 8;
    length -= 8;
  }
  uint64_t word = 0;
  for (size_t i = 0; i < length; i++)
    word |= static_cast<uint64_t>(static_cast<unsigned char>(data[i])) << (8 * i);
  hash = (hash ^ word) * kMultiplier;
  hash ^= hash >> 32;
  return static_cast<int32_t>(hash);
}

}  // namespace landspout

#endif  // LANDSPOUT_BYTE_CLASS_H_
