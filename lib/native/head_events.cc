// HttpParser: what llhttp reports, callback by callback. Feeding is http_parser.cc's.
#include "byte_class.h"
#include "field_names.h"
#include "http_parser.h"

namespace landspout {

namespace {

int32_t MethodIndex(int method) {
  switch (method) {
    case HTTP_GET:
      return METHOD_GET;
    case HTTP_HEAD:
      return METHOD_HEAD;
    case HTTP_POST:
      return METHOD_POST;
    case HTTP_PUT:
      return METHOD_PUT;
    case HTTP_DELETE:
      return METHOD_DELETE;
    case HTTP_PATCH:
      return METHOD_PATCH;
    case HTTP_OPTIONS:
      return METHOD_OPTIONS;
    default:
      return METHOD_OTHER;
  }
}

}  // namespace

int HttpParser::OnMessageBegin() {
  phase_ = Phase::kHead;
  last_ = Last::kNothing;
  base_ = in_place_ ? nullptr : base_;
  partial_announced_ = false;
  method_ = 0;
  want_careful_ = false;
  target_start_ = target_end_ = head_bytes_ = 0;
  fields_.clear();
  return 0;
}

int HttpParser::OnMethod(const char* at, size_t) {
  if (base_ != nullptr) return 0;
  base_ = at;
  // Between two pipelined messages llhttp skips any number of CRs and LFs; one CRLF is allowed.
  const size_t gap = static_cast<size_t>(at - message_end_);
  if (gap != 0 && !(gap == 2 && message_end_[0] == '\r' && message_end_[1] == '\n')) {
    bad_ = BAD_LINE_END;
    return -1;
  }
  return 0;
}

int HttpParser::OnTarget(const char* at, size_t length) {
  if (target_end_ == 0) target_start_ = OffsetOf(at);
  target_end_ = OffsetOf(at) + static_cast<uint32_t>(length);
  return 0;
}

int HttpParser::OnName(const char* at, size_t length) {
  if (last_ != Last::kName) {
    if (last_ != Last::kNothing && !EndField()) return -1;
    field_.name_start = OffsetOf(at);
    last_ = Last::kName;
  }
  field_.name_end = OffsetOf(at) + static_cast<uint32_t>(length);
  return 0;
}

// Called without bytes for an empty value, then from behind its line; and for a value that a read
// has cut.
int HttpParser::OnValue(const char* at, size_t length) {
  if (last_ == Last::kName) {
    field_.value_start = length == 0 ? field_.name_end + 1 : OffsetOf(at);
    field_.value_end = field_.value_start + static_cast<uint32_t>(length);
  } else if (length != 0) {
    field_.value_end = OffsetOf(at) + static_cast<uint32_t>(length);
  }
  last_ = Last::kValue;
  return 0;
}

bool HttpParser::EndField() {
  if (fields_.size() >= limits_->max_field_count) {
    bad_ = BAD_FIELD_COUNT;
    return false;
  }
  const uint32_t value_end = field_.value_end;
  while (field_.value_end > field_.value_start &&
         (base_[field_.value_end - 1] == ' ' || base_[field_.value_end - 1] == '\t')) {
    field_.value_end--;
  }
  field_.id = FieldIdOf(base_ + field_.name_start, field_.name_end - field_.name_start);
  fields_.push_back(field_);
  // llhttp does not know "chunked" with blanks behind it: the careful way puts them before.
  if (field_.id == kFieldTransferEncoding && value_end != field_.value_end && !careful_) {
    want_careful_ = true;
    return false;
  }
  return true;
}

int HttpParser::OnHeadersComplete() {
  if (last_ != Last::kNothing && !EndField()) return -1;
  // One space on either side of the target, then "HTTP/": llhttp skips more than one, takes
  // HTTP/0.9, which has no version, and speaks RTSP and ICE as well.
  const char* version = base_ + target_end_;
  if (end_ - version < 9 || version[1] != 'H' || target_start_ < 2 ||
      !Is(kToken, base_[target_start_ - 2])) {
    bad_ = BAD_SYNTAX;
    return -1;
  }
  if (llhttp_get_http_major(llhttp()) != 1) {
    bad_ = BAD_VERSION;
    return -1;
  }
  const int method = llhttp_get_method(llhttp());
  if (method == HTTP_CONNECT) {
    bad_ = BAD_CONNECT;
    return -1;
  }
  method_ = MethodIndex(method);
  head_bytes_ = FindHeadEnd();
  if (head_bytes_ == 0) {
    bad_ = BAD_LINE_END;
    return -1;
  }
  bad_ = JudgeHeadSoFar(head_bytes_);
  if (bad_ != 0) return -1;
  judgement_ = JudgeHead({base_, target_start_, target_end_, llhttp_get_http_minor(llhttp()),
                          method_, fields_.data(), static_cast<uint32_t>(fields_.size())});
  bad_ = judgement_.bad;
  if (bad_ != 0) return -1;
  const bool has_body = (judgement_.flags & HEAD_HAS_BODY) != 0;
  if (has_body) judgement_.flags &= ~HEAD_UPGRADE;
  // It heeds Proxy-Connection, too, which is none of ours.
  llhttp_stops_ = llhttp_should_keep_alive(llhttp()) == 0;
  if (*budget_ != 0) --*budget_;
  if (!in_place_) {
    phase_ = has_body ? Phase::kBody : Phase::kHead;
    return HPE_PAUSED;
  }
  return EmitHead(base_, head_bytes_) ? 0 : -1;
}

// A head ends CRLF CRLF after its last value's optional blanks, or after its version.
uint32_t HttpParser::FindHeadEnd() const {
  const char* at = base_ + (fields_.empty() ? target_end_ + 9 : fields_.back().value_end);
  while (at < end_ && (*at == ' ' || *at == '\t')) at++;
  if (end_ - at < 4 || std::memcmp(at, "\r\n\r\n", 4) != 0) return 0;
  return OffsetOf(at) + 4;
}

int32_t HttpParser::JudgeHeadSoFar(size_t bytes) const {
  if (target_end_ - target_start_ > limits_->max_target_bytes) return BAD_TARGET_LENGTH;
  if (bytes > limits_->max_head_bytes) return BAD_HEAD_LENGTH;
  return 0;
}

// @hot bench/run.mjs: once per request.
bool HttpParser::EmitHead(const char* bytes, uint32_t length) {
  const uint32_t count = static_cast<uint32_t>(fields_.size());
  const uint32_t words = HEAD_FIELDS + 3 * count;
  const char* head = in_place_ ? bytes : inbox_->Copy(bytes, length);
  if (head == nullptr || !inbox_->HasRingRoom(words)) {
    Refuse(BAD_HEAD_LENGTH);
    return false;
  }
  int32_t* record = inbox_->Begin(words, KIND_HEAD, slot_, generation_);
  record[HEAD_START] = inbox_->OffsetOf(head);
  record[HEAD_END] = record[HEAD_START] + static_cast<int32_t>(length);
  record[HEAD_FLAGS] = judgement_.flags;
  record[HEAD_METHOD] = method_;
  record[HEAD_TARGET_START] = static_cast<int32_t>(target_start_);
  record[HEAD_TARGET_END] = static_cast<int32_t>(target_end_);
  record[HEAD_PATH_END] = static_cast<int32_t>(judgement_.path_end);
  record[HEAD_PATH_HASH] = judgement_.path_hash;
  record[HEAD_LENGTH_LOW] = static_cast<int32_t>(judgement_.content_length & 0xffffffffu);
  record[HEAD_LENGTH_HIGH] = static_cast<int32_t>(judgement_.content_length >> 32);
  record[HEAD_FIELD_COUNT] = static_cast<int32_t>(count);
  int32_t* out = record + HEAD_FIELDS;
  for (const FieldSpan& field : fields_) {
    *out++ = static_cast<int32_t>(field.name_start | field.id << 24);
    *out++ = static_cast<int32_t>(field.value_start);
    *out++ = static_cast<int32_t>(field.value_end);
  }
  if ((judgement_.flags & HEAD_HAS_BODY) != 0) {
    phase_ = Phase::kBody;
    mark_ = base_ + length;  // only meaningful in place
    chunk_lines_.Reset();
  }
  return true;
}

int HttpParser::OnBody(const char* at, size_t length) {
  if ((judgement_.flags & HEAD_CHUNKED) != 0) {
    bad_ = chunk_lines_.Scan(mark_, at);
    if (bad_ != 0) return -1;
    mark_ = at + length;
  }
  if (!inbox_->HasRingRoom(8)) {
    bad_ = BAD_CHUNK;
    return -1;
  }
  int32_t* record = inbox_->Begin(6, KIND_BODY, slot_, generation_);
  record[RECORD_START] = inbox_->OffsetOf(at);
  record[RECORD_END] = record[RECORD_START] + static_cast<int32_t>(length);
  return 0;
}

int HttpParser::OnMessageComplete() {
  if (phase_ == Phase::kBody) {
    inbox_->Begin(4, KIND_END, slot_, generation_);
    return HPE_PAUSED;
  }
  const int32_t go_on = judgement_.flags & (HEAD_KEEP_ALIVE | HEAD_UPGRADE);
  if (go_on != HEAD_KEEP_ALIVE || *budget_ == 0 || llhttp_stops_) return HPE_PAUSED;
  phase_ = Phase::kStart;
  message_end_ = base_ + head_bytes_;
  return 0;
}

// The values and the path whose bytes differ in the copy, as they stand in the head that is
// delivered.
void HttpParser::RestoreSpans(const char* head) {
  const auto blank = [head](uint32_t at) { return head[at] == ' ' || head[at] == '\t'; };
  for (FieldSpan& field : fields_) {
    if (field.id != kFieldContentLength && field.id != kFieldTransferEncoding) continue;
    uint32_t start = field.name_end + 1;
    uint32_t end = start;
    while (end < head_bytes_ && head[end] != '\r') end++;
    while (start < end && blank(start)) start++;
    while (end > start && blank(end - 1)) end--;
    field.value_start = start;
    field.value_end = end;
  }
  if ((judgement_.flags & (HEAD_ASTERISK | HEAD_ABSOLUTE_FORM)) == 0)
    judgement_.path_hash = HashBytes(head + target_start_, judgement_.path_end - target_start_);
}

}  // namespace landspout
