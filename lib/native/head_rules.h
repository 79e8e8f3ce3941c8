// What a request head must be before anybody hears of it: RFC 9112 §3 (request line, Host), §6
// (framing), §7.6.1 of RFC 9110 (Connection). One pass over the spans that llhttp found.
#ifndef LANDSPOUT_HEAD_RULES_H_
#define LANDSPOUT_HEAD_RULES_H_

#include <cstddef>
#include <cstdint>

namespace landspout {

struct FieldSpan {
  uint32_t name_start;
  uint32_t name_end;
  uint32_t value_start;
  uint32_t value_end;
  uint32_t id;  // FieldId
};

// A head whose bytes are contiguous; every offset counts from `base`.
struct HeadView {
  const char* base;
  uint32_t target_start;
  uint32_t target_end;
  uint8_t version_minor;  // of HTTP/1.x
  int32_t method;         // METHOD_…
  const FieldSpan* fields;
  uint32_t field_count;
};

struct HeadJudgement {
  int32_t bad = 0;  // BAD_… or 0
  int32_t flags = 0;
  uint32_t path_end = 0;
  int32_t path_hash = 0;
  uint64_t content_length = 0;
};

HeadJudgement JudgeHead(const HeadView& head);

// uri-host [":" port] of RFC 3986, not empty. @see RFC 9112 §3.2
bool ValidHost(const char* text, size_t length);

}  // namespace landspout

#endif  // LANDSPOUT_HEAD_RULES_H_
