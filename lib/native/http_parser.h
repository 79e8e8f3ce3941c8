// HttpParser: llhttp for one socket while a message is in progress, writing heads, body pieces and
// ends into the inbox. Taken from a pool with a message's first byte, given back with its last.
//
//   whole head in one read     parsed in place in the arena; pipelined ones in one llhttp_execute
//   head in pieces             kept in stash_, each byte copied and parsed once; laid out in the
//   arena
//                              when it is whole
//   head that llhttp refuses   "careful": an unknown method, equal Content-Lengths, raw bytes in a
//   but HTTP does not          path. The head is collected, a copy made fit for llhttp, and the
//                              original delivered
#ifndef LANDSPOUT_HTTP_PARSER_H_
#define LANDSPOUT_HTTP_PARSER_H_

#include <vector>

#include "bytes.h"
#include "chunk_lines.h"
#include "head_rules.h"
#include "inbox.h"
#include "llhttp_abi.h"
#include "trailer_lines.h"

namespace landspout {

struct HttpLimits {
  uint32_t max_head_bytes;
  uint32_t max_field_count;
  uint32_t max_target_bytes;
  bool operator==(const HttpLimits&) const = default;
};

class HttpParser {
 public:
  enum class Stop : uint8_t {
    kNone,    // wants more bytes
    kBad,     // refused: bad() says why
    kHeld,    // an Upgrade head: the bytes behind it wait for OP_CONTINUE or OP_RAW
    kLast,    // the last request of this connection
    kBudget,  // enough messages for one turn
  };

  HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  void Begin(Inbox* inbox, const HttpLimits* limits, uint32_t slot, uint32_t generation);
  // Forgets the message; called before it goes back to the pool.
  void End();

  // Parses bytes of the inbox arena. `lead` counts the bytes of an empty line seen before a
  // message; `budget` the messages that may still begin. Returns how many bytes were consumed;
  // stop() says why not all of them.
  size_t Feed(const char* data, size_t length, uint8_t* lead, uint32_t* budget);

  Stop stop() const { return stop_; }
  int32_t bad() const { return bad_; }
  // As far as the refused message shows: such a response has no body.
  bool MethodIsHead() const;
  bool BetweenMessages() const { return phase_ == Phase::kStart; }
  bool InHead() const { return phase_ == Phase::kHead; }
  size_t HeldBytes() const { return stash_.size(); }
  // True once for each head that is not complete at the end of a read.
  bool AnnouncePartial();

 private:
  enum class Phase : uint8_t { kStart, kHead, kBody, kTrailers };
  enum class Last : uint8_t { kNothing, kName, kValue };
  // llhttp's callbacks get a pointer to its own struct, which is this one's first member.
  struct Core {
    alignas(16) unsigned char llhttp[LLHTTP_BYTES];
    HttpParser* owner;
  };

  static const llhttp_settings_t& Settings();
  llhttp_t* llhttp() { return reinterpret_cast<llhttp_t*>(core_.llhttp); }

  // Each returns how far it got.
  const char* SkipEmptyLine(const char* at, const char* end, uint8_t* lead);
  const char* FeedInPlace(const char* at, const char* end, uint8_t* lead);
  const char* FeedStash(const char* at, const char* end);
  const char* FeedCareful(const char* at, const char* end);
  const char* FeedTrailers(const char* at, const char* end);
  void OnChunkHeader(const char* at);

  int OnMessageBegin();
  int OnMethod(const char* at, size_t length);
  int OnTarget(const char* at, size_t length);
  int OnName(const char* at, size_t length);
  int OnValue(const char* at, size_t length);
  int OnHeadersComplete();
  int OnBody(const char* at, size_t length);
  int OnMessageComplete();

  uint32_t OffsetOf(const char* at) const { return static_cast<uint32_t>(at - base_); }
  bool EndField();
  uint32_t FindHeadEnd() const;
  int32_t JudgeHeadSoFar(size_t bytes) const;
  bool EmitHead(const char* bytes, uint32_t length);
  void FinishMessage();
  // What an error of llhttp means; 0 = try carefully.
  int32_t ReasonOf(int error);
  bool StoppedAtObsText();
  bool VersionLooksWellFormed(const char* at) const;
  // Makes copy_ of the careful head in stash_ fit for llhttp. Returns 0 or a BAD_….
  int32_t Sanitize(size_t head_bytes, size_t* method_bytes);
  void RestoreSpans(const char* head);
  void Refuse(int32_t reason) {
    bad_ = reason;
    stop_ = Stop::kBad;
  }

  Core core_;
  Inbox* inbox_ = nullptr;
  const HttpLimits* limits_ = nullptr;
  uint32_t slot_ = 0;
  uint32_t generation_ = 0;
  Phase phase_ = Phase::kStart;
  Last last_ = Last::kNothing;
  Stop stop_ = Stop::kNone;
  bool in_place_ = true;
  bool careful_ = false;
  bool llhttp_stops_ = false;  // llhttp would parse no message after this one
  bool in_chunk_header_ = false;
  bool want_careful_ = false;
  bool partial_announced_ = false;
  int32_t bad_ = 0;
  int32_t method_ = 0;
  uint32_t* budget_ = nullptr;

  const char* base_ = nullptr;         // the head's first byte
  const char* end_ = nullptr;          // the end of the bytes that are being parsed
  const char* message_end_ = nullptr;  // where the message before this one ended
  const char* mark_ = nullptr;         // body: first byte that chunk_lines_ has not seen
  uint32_t target_start_ = 0;
  uint32_t target_end_ = 0;
  uint32_t head_bytes_ = 0;
  FieldSpan field_ = {};
  std::vector<FieldSpan> fields_;
  HeadJudgement judgement_;
  ChunkLines chunk_lines_;
  TrailerLines trailer_lines_;
  Bytes stash_;
  Bytes copy_;
};

}  // namespace landspout

#endif  // LANDSPOUT_HTTP_PARSER_H_
