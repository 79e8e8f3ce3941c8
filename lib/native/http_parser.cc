// HttpParser: feeding and callbacks. What a head must be is head_rules.cc's, the careful way
// careful_head.cc's.
#include "http_parser.h"

#include <algorithm>

namespace landspout {

namespace {

// A head in pieces is parsed in steps of this size, so that a body behind it is not copied with it.
constexpr size_t kStashStep = 4096;
constexpr size_t kKeptStashBytes = 4096;

}  // namespace

HttpParser::HttpParser() { core_.owner = this; }

const llhttp_settings_t& HttpParser::Settings() {
#define OWNER(parser) (reinterpret_cast<Core*>(parser)->owner)
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s = {};
    s.on_message_begin = [](llhttp_t* p) { return OWNER(p)->OnMessageBegin(); };
    s.on_method = [](llhttp_t* p, const char* at, size_t n) { return OWNER(p)->OnMethod(at, n); };
    s.on_url = [](llhttp_t* p, const char* at, size_t n) { return OWNER(p)->OnTarget(at, n); };
    s.on_header_field = [](llhttp_t* p, const char* at, size_t n) {
      return OWNER(p)->OnName(at, n);
    };
    s.on_header_value = [](llhttp_t* p, const char* at, size_t n) {
      return OWNER(p)->OnValue(at, n);
    };
    s.on_headers_complete = [](llhttp_t* p) { return OWNER(p)->OnHeadersComplete(); };
    s.on_body = [](llhttp_t* p, const char* at, size_t n) { return OWNER(p)->OnBody(at, n); };
    s.on_chunk_header = [](llhttp_t* p) {
      OWNER(p)->in_chunk_header_ = true;
      return static_cast<int>(HPE_PAUSED);
    };
    s.on_message_complete = [](llhttp_t* p) { return OWNER(p)->OnMessageComplete(); };
    return s;
  }();
#undef OWNER
  return settings;
}

void HttpParser::Begin(Inbox* inbox, const HttpLimits* limits, uint32_t slot, uint32_t generation) {
  inbox_ = inbox;
  limits_ = limits;
  slot_ = slot;
  generation_ = generation;
  phase_ = Phase::kStart;
  stop_ = Stop::kNone;
  bad_ = 0;
  careful_ = false;
  llhttp_init(llhttp(), LLHTTP_REQUEST, &Settings());
}

void HttpParser::End() {
  stash_.Clear(kKeptStashBytes);
  copy_.Clear(0);
}

bool HttpParser::AnnouncePartial() {
  if (phase_ != Phase::kHead || partial_announced_) return false;
  partial_announced_ = true;
  return true;
}

size_t HttpParser::Feed(const char* data, size_t length, uint8_t* lead, uint32_t* budget) {
  const char* at = data;
  const char* end = data + length;
  stop_ = Stop::kNone;
  budget_ = budget;
  while (at < end && stop_ == Stop::kNone) {
    if (phase_ == Phase::kStart) {
      at = SkipEmptyLine(at, end, lead);
      if (stop_ != Stop::kNone || at == end) break;
    }
    if (careful_) {
      at = FeedCareful(at, end);
    } else if (phase_ == Phase::kTrailers) {
      at = FeedTrailers(at, end);
    } else if (phase_ == Phase::kHead) {
      at = FeedStash(at, end);
    } else {
      at = FeedInPlace(at, end, lead);
    }
  }
  return static_cast<size_t>(at - data);
}

// At most one CRLF before a request line, and nothing else. RFC 9112 §2.2.
const char* HttpParser::SkipEmptyLine(const char* at, const char* end, uint8_t* lead) {
  while (at < end && (*at == '\r' || *at == '\n')) {
    if (*lead == 2 || *at != "\r\n"[*lead]) {
      Refuse(BAD_LINE_END);
      return at;
    }
    ++*lead;
    at++;
  }
  if (at < end && *lead == 1) Refuse(BAD_LINE_END);
  return at;
}

// @hot bench/run.mjs: once per read; all whole requests of the read in one llhttp_execute.
const char* HttpParser::FeedInPlace(const char* at, const char* end, uint8_t* lead) {
  in_place_ = true;
  end_ = end;
  message_end_ = at;
  mark_ = at;
  const int error = llhttp_execute(llhttp(), at, static_cast<size_t>(end - at));
  if (error == HPE_OK) {
    if (phase_ == Phase::kHead) {
      *lead = 0;
      if (base_ == nullptr) base_ = message_end_;
      stash_.Clear(kKeptStashBytes);
      stash_.Append(base_, static_cast<size_t>(end - base_));
      const int32_t reason = JudgeHeadSoFar(stash_.size());
      if (reason != 0) Refuse(reason);
    } else if (phase_ == Phase::kBody) {
      if ((judgement_.flags & HEAD_CHUNKED) != 0) {
        const int32_t reason = chunk_lines_.Scan(mark_, end);
        if (reason != 0) Refuse(reason);
      }
    } else {
      *lead = 0;
      SkipEmptyLine(message_end_, end, lead);
    }
    return end;
  }
  if (bad_ != 0) {
    stop_ = Stop::kBad;
    return end;
  }
  if (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE) {
    const char* stopped = llhttp_get_error_pos(llhttp());
    *lead = 0;
    if (in_chunk_header_) {
      OnChunkHeader(stopped);
    } else {
      FinishMessage();
    }
    return stopped;
  }
  const int32_t reason = want_careful_ ? 0 : ReasonOf(error);
  if (reason != 0) {
    Refuse(reason);
    return end;
  }
  // The head begins where its method did; an error inside the method has reported no method yet.
  if (base_ == nullptr) {
    base_ = message_end_;
    uint8_t between = 0;
    base_ = SkipEmptyLine(base_, end, &between);
    if (stop_ != Stop::kNone) return end;
  }
  *lead = 0;
  careful_ = true;
  phase_ = Phase::kHead;
  stash_.Clear(kKeptStashBytes);
  return base_;
}

const char* HttpParser::FeedStash(const char* at, const char* end) {
  const size_t before = stash_.size();
  const size_t step = std::min(static_cast<size_t>(end - at), kStashStep);
  stash_.Append(at, step);
  in_place_ = false;
  base_ = stash_.data();
  end_ = base_ + stash_.size();
  const int error = llhttp_execute(llhttp(), base_ + before, step);
  if (error == HPE_OK) {
    const int32_t reason = JudgeHeadSoFar(stash_.size());
    if (reason != 0) Refuse(reason);
    return at + step;
  }
  if (bad_ != 0) {
    stop_ = Stop::kBad;
    return end;
  }
  if (error == HPE_PAUSED) {  // by OnHeadersComplete
    if (!EmitHead(base_, head_bytes_)) return end;
    const char* rest = at + (head_bytes_ - before);
    stash_.Clear(kKeptStashBytes);
    if (phase_ == Phase::kBody) {
      llhttp_resume(llhttp());
    } else {
      FinishMessage();
    }
    return rest;
  }
  const int32_t reason = want_careful_ ? 0 : ReasonOf(error);
  if (reason != 0) {
    Refuse(reason);
    return end;
  }
  careful_ = true;
  stash_.Truncate(before);
  return at;
}

// A chunk's size line ends at `at`. The last chunk is where llhttp's part ends.
void HttpParser::OnChunkHeader(const char* at) {
  in_chunk_header_ = false;
  const int32_t reason = chunk_lines_.Scan(mark_, at);
  if (reason != 0) return Refuse(reason);
  if (chunk_lines_.size() == 0) {
    phase_ = Phase::kTrailers;
    trailer_lines_.Reset();
    return;
  }
  llhttp_resume(llhttp());
  if (chunk_lines_.size() <= static_cast<uint64_t>(end_ - at)) return;
  int32_t* record = inbox_->Begin(6, KIND_CHUNK, slot_, generation_);
  record[RECORD_A] = static_cast<int32_t>(chunk_lines_.size() & 0xffffffffu);
  record[RECORD_B] = static_cast<int32_t>(chunk_lines_.size() >> 32);
}

const char* HttpParser::FeedTrailers(const char* at, const char* end) {
  const int32_t reason = trailer_lines_.Scan(&at, end);
  if (reason != 0) {
    Refuse(reason);
    return end;
  }
  if (trailer_lines_.done()) {
    inbox_->Begin(4, KIND_END, slot_, generation_);
    FinishMessage();
  }
  return at;
}

// Starts over after a message, with what comes next decided by its head.
void HttpParser::FinishMessage() {
  llhttp_reset(llhttp());
  phase_ = Phase::kStart;
  careful_ = false;
  base_ = end_ = nullptr;  // they point into memory that may go now
  if (stop_ != Stop::kNone) return;
  if ((judgement_.flags & HEAD_KEEP_ALIVE) == 0) {
    stop_ = Stop::kLast;
  } else if ((judgement_.flags & HEAD_UPGRADE) != 0) {
    stop_ = Stop::kHeld;
  } else if (*budget_ == 0) {
    stop_ = Stop::kBudget;
  }
}

}  // namespace landspout
