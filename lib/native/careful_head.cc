// HttpParser, the careful way: heads that HTTP allows and llhttp does not, and what its errors
// mean. Off the road of ordinary requests, so it is written plainly.
#include <algorithm>

#include "byte_class.h"
#include "field_names.h"
#include "http_parser.h"

namespace landspout {

namespace {

constexpr size_t kMaxMethodBytes = 64;
constexpr char kContentLength[] = "content-length";
constexpr size_t kContentLengthBytes = sizeof(kContentLength) - 1;

// The one number of a Content-Length value that may be a list of equal ones; false if it is none.
// RFC 9112 §6.3 allows a recipient to take such a list for one value.
bool OneNumber(const char* text, size_t length, const char** number, size_t* digits) {
  size_t at = 0;
  *number = nullptr;
  while (true) {
    while (at < length && (text[at] == ' ' || text[at] == '\t')) at++;
    const size_t start = at;
    while (at < length && Is(kDigit, text[at])) at++;
    const size_t count = at - start;
    if (count == 0) return false;
    if (*number == nullptr) {
      *number = text + start;
      *digits = count;
    } else if (count != *digits || std::memcmp(*number, text + start, count) != 0) {
      return false;
    }
    while (at < length && (text[at] == ' ' || text[at] == '\t')) at++;
    if (at == length) return true;
    if (text[at] != ',') return false;
    at++;
  }
}

}  // namespace

int32_t HttpParser::ReasonOf(int error) {
  if (phase_ == Phase::kBody) return error == HPE_INVALID_HEADER_TOKEN ? BAD_FIELD : BAD_CHUNK;
  // llhttp has plans of its own for methods of other protocols: PRI, SOURCE, RTSP's.
  if (!careful_ && llhttp_get_method(llhttp()) > HTTP_LAST_PLAIN) return 0;
  switch (error) {
    case HPE_INVALID_METHOD:
      return careful_ ? BAD_SYNTAX : 0;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
      return careful_ ? BAD_CONTENT_LENGTH : 0;
    case HPE_INVALID_URL:
      return !careful_ && StoppedAtObsText() ? 0 : BAD_TARGET;
    case HPE_INVALID_VERSION:
      return VersionLooksWellFormed(llhttp_get_error_pos(llhttp())) ? BAD_VERSION : BAD_SYNTAX;
    case HPE_INVALID_TRANSFER_ENCODING:
      return BAD_TRANSFER_ENCODING;
    case HPE_INVALID_HEADER_TOKEN:
      return BAD_FIELD;
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED:
      return BAD_LINE_END;
    default:
      return last_ == Last::kNothing ? BAD_SYNTAX : BAD_FIELD;
  }
}

// True if llhttp stopped at a byte from 0x80 on: curl and others send paths in raw UTF-8.
bool HttpParser::StoppedAtObsText() {
  const char* at = llhttp_get_error_pos(llhttp());
  return at != nullptr && at < end_ && static_cast<unsigned char>(*at) >= 0x80;
}

// True if a version that llhttp does not take ends at `at` or one byte on: well-formed, only not
// ours.
bool HttpParser::VersionLooksWellFormed(const char* at) const {
  if (base_ == nullptr || at == nullptr) return false;
  for (const char* end = at; end <= at + 1 && end <= end_; end++) {
    if (end - base_ < 8) continue;
    const char* v = end - 8;
    if (std::memcmp(v, "HTTP/", 5) != 0 || !Is(kDigit, v[5]) || v[6] != '.' || !Is(kDigit, v[7]))
      continue;
    const auto is = [v](const char* number) { return std::memcmp(v + 5, number, 3) == 0; };
    // Those are fine: what llhttp refused is the byte behind them.
    return !is("1.1") && !is("1.0") && !is("2.0") && !is("0.9");
  }
  return false;
}

bool HttpParser::MethodIsHead() const {
  if (phase_ == Phase::kBody || phase_ == Phase::kTrailers) return method_ == METHOD_HEAD;
  if (phase_ != Phase::kHead) return false;
  // A head of earlier reads is in the stash, from its first byte on; one of this read where base_
  // says.
  const bool kept = careful_ || !stash_.empty();
  const char* head = kept ? stash_.data() : base_;
  if (head == nullptr) return false;
  const size_t length = kept ? stash_.size() : static_cast<size_t>(end_ - base_);
  return length >= 5 && std::memcmp(head, "HEAD ", 5) == 0;
}

const char* HttpParser::FeedCareful(const char* at, const char* end) {
  // Collects up to the empty line. Each byte is looked at once: a line feed ends a line, and only
  // after CR.
  size_t head_bytes = 0;
  while (at < end && head_bytes == 0) {
    const void* found = std::memchr(at, '\n', static_cast<size_t>(end - at));
    const char* stop = found == nullptr ? end : static_cast<const char*>(found) + 1;
    stash_.Append(at, static_cast<size_t>(stop - at));
    at = stop;
    if (stash_.size() > limits_->max_head_bytes) break;
    if (found == nullptr) break;
    const char* tail = stash_.data() + stash_.size();
    if (stash_.size() < 2 || tail[-2] != '\r') {
      Refuse(BAD_LINE_END);
      return end;
    }
    if (stash_.size() >= 4 && std::memcmp(tail - 4, "\r\n\r\n", 4) == 0) head_bytes = stash_.size();
  }
  size_t method = 0;
  while (method < stash_.size() && Is(kToken, stash_.data()[method])) method++;
  const bool method_ended = method < stash_.size();
  if (method > kMaxMethodBytes || (method_ended && (method == 0 || stash_.data()[method] != ' '))) {
    Refuse(BAD_METHOD);
    return end;
  }
  if (stash_.size() > limits_->max_head_bytes) {
    Refuse(std::memchr(stash_.data(), '\n', stash_.size()) == nullptr ? BAD_TARGET_LENGTH
                                                                      : BAD_HEAD_LENGTH);
    return end;
  }
  if (head_bytes == 0) return at;

  size_t method_bytes = 0;
  const int32_t problem = Sanitize(head_bytes, &method_bytes);
  if (problem != 0) {
    Refuse(problem);
    return end;
  }
  llhttp_reset(llhttp());
  const bool announced = partial_announced_;
  in_place_ = false;
  base_ = copy_.data();
  end_ = base_ + head_bytes;
  int error = HPE_OK;
  if (method_bytes != 0) {  // a method unknown to llhttp: it reads GET, we the rest
    error = llhttp_execute(llhttp(), "GET", 3);
    if (error == HPE_OK)
      error = llhttp_execute(llhttp(), base_ + method_bytes, head_bytes - method_bytes);
  } else {
    error = llhttp_execute(llhttp(), base_, head_bytes);
  }
  partial_announced_ = announced;
  if (bad_ == 0 && error != HPE_PAUSED) bad_ = ReasonOf(error);
  if (bad_ == 0 && error != HPE_PAUSED) bad_ = BAD_SYNTAX;
  if (bad_ != 0) {
    stop_ = Stop::kBad;
    return end;
  }
  if (method_bytes != 0) method_ = METHOD_OTHER;
  RestoreSpans(stash_.data());
  if (!EmitHead(stash_.data(), head_bytes_)) return end;
  stash_.Clear(512);
  copy_.Clear(0);
  if (phase_ == Phase::kBody) {
    llhttp_resume(llhttp());
    careful_ = false;
  } else {
    FinishMessage();
  }
  return at;
}

int32_t HttpParser::Sanitize(size_t head_bytes, size_t* method_bytes) {
  copy_.Clear(0);
  copy_.Append(stash_.data(), head_bytes);
  char* head = copy_.data();
  char* end = head + head_bytes;

  size_t method = 0;
  while (Is(kToken, head[method])) method++;
  const auto is = [&](const char* name) {
    return method == std::strlen(name) && std::memcmp(head, name, method) == 0;
  };
  bool known = false;
  for (int number = 0; number <= HTTP_LAST_PLAIN && !known; number++)
    known = is(llhttp_method_name(number));
  *method_bytes = known ? 0 : method;
  // llhttp knows no raw bytes in a path. Those of a host stay, and are refused.
  if (head[method] == ' ' && head[method + 1] == '/') {
    for (char* at = head + method + 1; *at != ' ' && *at != '\r'; at++) {
      if (static_cast<unsigned char>(*at) >= 0x80) *at = 'x';
    }
  }

  const char* number = nullptr;
  size_t digits = 0;
  bool coding = false;
  for (char* line = static_cast<char*>(std::memchr(head, '\n', head_bytes)) + 1; line < end;) {
    char* line_end = static_cast<char*>(std::memchr(line, '\n', static_cast<size_t>(end - line)));
    if (line_end == nullptr) break;
    char* colon = static_cast<char*>(std::memchr(line, ':', static_cast<size_t>(line_end - line)));
    const size_t name = colon == nullptr ? 0 : static_cast<size_t>(colon - line);
    if (name == 17 && EqualsIgnoringCase(line, "transfer-encoding", 17)) coding = true;
    if (name == kContentLengthBytes && EqualsIgnoringCase(line, kContentLength, name)) {
      char* value = colon + 1;
      char* value_end = line_end - 1;  // the CR
      const char* one = nullptr;
      size_t count = 0;
      if (!OneNumber(value, static_cast<size_t>(value_end - value), &one, &count))
        return BAD_CONTENT_LENGTH;
      if (number == nullptr) {
        number = one;
        digits = count;
        // The first keeps its number, blanks for the rest of the list.
        std::fill(value, const_cast<char*>(one), ' ');
        std::fill(const_cast<char*>(one) + count, value_end, ' ');
      } else {
        if (count != digits || std::memcmp(number, one, count) != 0) return BAD_CONTENT_LENGTH;
        line[0] = 'x';  // later ones say the same: llhttp and the rules see another name
      }
    }
    if (name == 17 && EqualsIgnoringCase(line, "transfer-encoding", 17)) {
      // Blanks go before the value: llhttp does not know a coding with blanks behind it.
      char* value = colon + 1;
      char* value_end = line_end - 1;
      char* last = value_end;
      while (last > value && (last[-1] == ' ' || last[-1] == '\t')) last--;
      const size_t blanks = static_cast<size_t>(value_end - last);
      std::memmove(value + blanks, value, static_cast<size_t>(last - value));
      std::fill(value, value + blanks, ' ');
    }
    line = line_end + 1;
  }
  return coding && number != nullptr ? BAD_FRAMING : 0;
}

}  // namespace landspout
