// The rules of head_rules.h. Called by http_parser.cc when llhttp has found a head's end.
#include "head_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "abi.h"
#include "byte_class.h"
#include "field_names.h"

namespace landspout {

namespace {

constexpr uint64_t kMaxContentLength = (1ull << 53) - 1;  // what a JavaScript number counts exactly

bool TokenIs(const char* text, size_t length, const char* lower, size_t wanted) {
  return length == wanted && EqualsIgnoringCase(text, lower, wanted);
}

// Calls `each(token, length)` for every element of a comma list, OWS trimmed, empty ones skipped.
template <typename Each>
void ForEachElement(const char* text, size_t length, Each each) {
  size_t at = 0;
  while (at < length) {
    size_t end = at;
    while (end < length && text[end] != ',') end++;
    size_t from = at;
    size_t to = end;
    while (from < to && (text[from] == ' ' || text[from] == '\t')) from++;
    while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t')) to--;
    if (to > from) each(text + from, to - from);
    at = end + 1;
  }
}

bool ParseContentLength(const char* text, size_t length, uint64_t* out) {
  if (length == 0) return false;
  uint64_t value = 0;
  for (size_t i = 0; i < length; i++) {
    if (!Is(kDigit, text[i])) return false;
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
    if (value > kMaxContentLength) return false;
  }
  *out = value;
  return true;
}

// absolute-form: scheme "://" authority path-abempty [ "?" query ], for http and https.
bool ValidAbsoluteForm(const char* text, size_t length) {
  size_t scheme = 0;
  if (length >= 7 && EqualsIgnoringCase(text, "http", 4) && std::memcmp(text + 4, "://", 3) == 0)
    scheme = 7;
  if (length >= 8 && EqualsIgnoringCase(text, "https", 5) && std::memcmp(text + 5, "://", 3) == 0)
    scheme = 8;
  if (scheme == 0) return false;
  size_t end = scheme;
  while (end < length && text[end] != '/' && text[end] != '?') end++;
  return ValidHost(text + scheme, end - scheme);
}

bool JudgeTarget(const HeadView& head, HeadJudgement* out) {
  const char* target = head.base + head.target_start;
  const size_t length = head.target_end - head.target_start;
  if (length == 0) return false;
  for (size_t i = 0; i < length; i++) {
    if (!Is(kTarget, target[i])) return false;
  }
  if (target[0] == '/') {
    const void* mark = std::memchr(target, '?', length);
    const size_t path =
        mark == nullptr ? length : static_cast<size_t>(static_cast<const char*>(mark) - target);
    out->path_end = head.target_start + static_cast<uint32_t>(path);
    out->path_hash = HashBytes(target, path);
    return true;
  }
  out->path_end = head.target_end;
  if (length == 1 && target[0] == '*') {
    out->flags |= HEAD_ASTERISK;
    return head.method == METHOD_OPTIONS;
  }
  out->flags |= HEAD_ABSOLUTE_FORM;
  return ValidAbsoluteForm(target, length);
}

}  // namespace

bool ValidHost(const char* text, size_t length) {
  size_t at = 0;
  if (length != 0 && text[0] == '[') {
    at = 1;
    while (at < length && (Is(kHex, text[at]) || text[at] == ':' || text[at] == '.')) at++;
    if (at == length || text[at] != ']' || at - 1 >= INET6_ADDRSTRLEN) return false;
    char address[INET6_ADDRSTRLEN] = {};
    std::memcpy(address, text + 1, at - 1);
    in6_addr parsed;
    if (::inet_pton(AF_INET6, address, &parsed) != 1) return false;
    at++;
  } else {
    while (at < length && text[at] != ':') {
      if (text[at] == '%') {
        if (length - at < 3 || !Is(kHex, text[at + 1]) || !Is(kHex, text[at + 2])) return false;
        at += 3;
      } else if (Is(kHostName, text[at])) {
        at++;
      } else {
        return false;
      }
    }
    if (at == 0) return false;
  }
  if (at == length) return true;
  if (text[at] != ':' || length - at > sizeof("65535")) return false;
  uint32_t port = 0;
  for (at++; at < length; at++) {
    if (!Is(kDigit, text[at])) return false;
    port = port * 10 + static_cast<uint32_t>(text[at] - '0');
    if (port > 65535) return false;
  }
  return true;
}

// @hot bench/run.mjs: once per request; one comparison per field that no rule is about.
HeadJudgement JudgeHead(const HeadView& head) {
  HeadJudgement out;
  const auto refuse = [&out](int32_t reason) {
    out.bad = reason;
    return out;
  };
  if (!JudgeTarget(head, &out)) return refuse(BAD_TARGET);

  const bool http_1_0 = head.version_minor == 0;
  uint32_t hosts = 0;
  uint32_t codings = 0;
  uint32_t lengths = 0;
  bool close = false;
  bool keep_alive = false;
  bool connection_upgrade = false;
  bool upgrade_field = false;
  for (uint32_t i = 0; i < head.field_count; i++) {
    const FieldSpan& field = head.fields[i];
    if (field.id == kFieldOther || field.id > kFieldIfNoneMatch) continue;
    const char* value = head.base + field.value_start;
    const size_t length = field.value_end - field.value_start;
    switch (field.id) {
      case kFieldHost:
        if (++hosts > 1 || !ValidHost(value, length)) return refuse(BAD_HOST);
        break;
      case kFieldContentLength:
        // llhttp refuses a second one; http_parser.cc lets equal ones through as one.
        if (++lengths > 1 || !ParseContentLength(value, length, &out.content_length)) {
          return refuse(BAD_CONTENT_LENGTH);
        }
        break;
      case kFieldTransferEncoding:
        // Exactly one coding, and that chunked. RFC 9112 §6.1 would answer 501 to a coding it does
        // not know; one status for every such head leaves a smuggler nothing to tell them apart by.
        if (++codings > 1 || !TokenIs(value, length, "chunked", 7))
          return refuse(BAD_TRANSFER_ENCODING);
        break;
      case kFieldConnection:
        ForEachElement(value, length, [&](const char* token, size_t size) {
          if (TokenIs(token, size, "close", 5)) close = true;
          if (TokenIs(token, size, "keep-alive", 10)) keep_alive = true;
          if (TokenIs(token, size, "upgrade", 7)) connection_upgrade = true;
        });
        break;
      case kFieldUpgrade:
        upgrade_field = true;
        break;
      case kFieldExpect:
        if (TokenIs(value, length, "100-continue", 12) && !http_1_0)
          out.flags |= HEAD_EXPECT_CONTINUE;
        break;
      default:
        out.flags |= HEAD_IF_NONE_MATCH;
        break;
    }
  }
  if (hosts == 0 && !http_1_0) return refuse(BAD_HOST);
  if (codings != 0) {
    if (lengths != 0) return refuse(BAD_FRAMING);
    if (http_1_0) return refuse(BAD_TRANSFER_ENCODING);
    out.flags |= HEAD_CHUNKED | HEAD_HAS_BODY;
  }
  if (out.content_length != 0) out.flags |= HEAD_HAS_BODY;
  if (http_1_0) {
    out.flags |= HEAD_HTTP_1_0;
    // Kept alive only where the request's end is beyond doubt: it is a GET or HEAD, or says its
    // length.
    const bool delimited = lengths != 0 || head.method == METHOD_GET || head.method == METHOD_HEAD;
    if (keep_alive && !close && delimited) out.flags |= HEAD_KEEP_ALIVE;
  } else {
    if (!close) out.flags |= HEAD_KEEP_ALIVE;
    if (connection_upgrade && upgrade_field) out.flags |= HEAD_UPGRADE;
  }
  return out;
}

}  // namespace landspout
