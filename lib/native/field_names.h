// Field names that requests commonly carry, numbered, so that TypeScript finds a field by comparing
// one integer. The list is exported to TypeScript in this order; ids start at 1, 0 is any other
// name.
#ifndef LANDSPOUT_FIELD_NAMES_H_
#define LANDSPOUT_FIELD_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace landspout {

// clang-format off
inline constexpr const char* kFieldNames[] = {
    "host", "connection", "content-length", "transfer-encoding", "expect", "upgrade", "if-none-match",
    "cookie", "content-type", "user-agent", "accept", "accept-encoding", "accept-language",
    "authorization", "origin", "referer", "cache-control", "pragma", "if-modified-since", "if-range",
    "range", "content-encoding", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest",
    "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol",
    "sec-websocket-extensions", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
    "x-real-ip", "x-scheme", "x-request-id", "x-requested-with", "x-xsrftoken", "x-csrftoken",
    "last-event-id", "if-match", "if-unmodified-since", "te", "trailer", "keep-alive", "date",
    "forwarded", "traceparent", "upgrade-insecure-requests", "dnt", "priority",
};
// clang-format on
inline constexpr uint32_t kFieldNameCount = sizeof(kFieldNames) / sizeof(kFieldNames[0]);

enum FieldId : uint32_t {
  kFieldOther = 0,
  kFieldHost = 1,
  kFieldConnection = 2,
  kFieldContentLength = 3,
  kFieldTransferEncoding = 4,
  kFieldExpect = 5,
  kFieldUpgrade = 6,
  kFieldIfNoneMatch = 7,
};

namespace field_names_internal {

inline constexpr uint32_t kBuckets = 256;

constexpr uint32_t Hash(size_t length, char first, char middle, char last) {
  const auto low = [](char c) {
    return static_cast<uint32_t>(static_cast<unsigned char>(c) | 0x20);
  };
  return (static_cast<uint32_t>(length) * 29 + low(first) * 7 + low(middle) * 3 + low(last) * 11) &
         (kBuckets - 1);
}

constexpr size_t Length(const char* name) {
  size_t length = 0;
  while (name[length] != '\0') length++;
  return length;
}

struct Table {
  uint8_t first[kBuckets] = {};            // id of the first name in a bucket
  uint8_t next[kFieldNameCount + 1] = {};  // id of the next one
  uint8_t length[kFieldNameCount + 1] = {};
};

constexpr Table MakeTable() {
  Table table;
  for (uint32_t id = kFieldNameCount; id >= 1; id--) {
    const char* name = kFieldNames[id - 1];
    const size_t length = Length(name);
    const uint32_t bucket = Hash(length, name[0], name[length / 2], name[length - 1]);
    table.next[id] = table.first[bucket];
    table.first[bucket] = static_cast<uint8_t>(id);
    table.length[id] = static_cast<uint8_t>(length);
  }
  return table;
}

inline constexpr Table kTable = MakeTable();

}  // namespace field_names_internal

// True if `text` is `lower` but for letter case. `text` holds token characters, for which | 0x20
// maps nothing but capitals onto what our names contain (letters, digits and '-').
inline bool EqualsIgnoringCase(const char* text, const char* lower, size_t length) {
  constexpr uint64_t kCase = 0x2020202020202020ull;
  while (length >= 8) {
    uint64_t a;
    uint64_t b;
    std::memcpy(&a, text, 8);
    std::memcpy(&b, lower, 8);
    if ((a | kCase) != b) return false;
    text += 8;
    lower += 8;
    length -= 8;
  }
  for (size_t i = 0; i < length; i++) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

// @hot: once per field of every request.
inline uint32_t FieldIdOf(const char* name, size_t length) {
  namespace in = field_names_internal;
  if (length == 0) return kFieldOther;
  uint32_t id = in::kTable.first[in::Hash(length, name[0], name[length / 2], name[length - 1])];
  while (id != 0) {
    if (in::kTable.length[id] == length && EqualsIgnoringCase(name, kFieldNames[id - 1], length))
      return id;
    id = in::kTable.next[id];
  }
  return kFieldOther;
}

}  // namespace landspout

#endif  // LANDSPOUT_FIELD_NAMES_H_
