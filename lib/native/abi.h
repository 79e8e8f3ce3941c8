// The layouts that C++ and TypeScript share: inbox records, outbox commands, control words. They
// are stated here and nowhere else; addon.cc exports every one of them and lib/native/addon.ts
// reads them.
#ifndef LANDSPOUT_ABI_H_
#define LANDSPOUT_ABI_H_

#include <cstdint>

namespace landspout {

// Inbox records are runs of int32: a common part, then what the kind adds.
#define LANDSPOUT_RECORD_WORDS(X)                                                         \
  X(RECORD_LENGTH, 0) /* words in this record */                                          \
  X(RECORD_KIND, 1)   /* one of LANDSPOUT_RECORD_KINDS */                                 \
  X(RECORD_SLOT, 2)                                                                       \
  X(RECORD_GENERATION, 3)                                                                 \
  X(RECORD_A, 4)          /* accepted: listener slot; closed: errno; bad: reason */       \
  X(RECORD_B, 5)          /* bad: bytes of the message read so far */                     \
  X(RECORD_START, 4)      /* body, data: first byte in the inbox arena */                 \
  X(RECORD_END, 5)        /* body, data: one past the last byte */                        \
  X(HEAD_START, 4)        /* head: first byte in the inbox arena */                       \
  X(HEAD_END, 5)          /* head: one past its empty line */                             \
  X(HEAD_FLAGS, 6)        /* LANDSPOUT_HEAD_FLAGS */                                      \
  X(HEAD_METHOD, 7)       /* index into methodNames; METHOD_OTHER: read it in the head */ \
  X(HEAD_TARGET_START, 8) /* offsets from HEAD_START from here on */                      \
  X(HEAD_TARGET_END, 9)                                                                   \
  X(HEAD_PATH_END, 10)    /* the '?' or the target's end */                               \
  X(HEAD_PATH_HASH, 11)   /* hashBytes of the raw path, origin-form only */               \
  X(HEAD_LENGTH_LOW, 12)  /* Content-Length, low 32 bits */                               \
  X(HEAD_LENGTH_HIGH, 13) /* and the rest */                                              \
  X(HEAD_FIELD_COUNT, 14)                                                                 \
  X(HEAD_FIELDS, 15) /* then per field: name start | id << 24, value start, end */

#define LANDSPOUT_RECORD_KINDS(X)                                                             \
  X(KIND_ACCEPTED, 1)                                                                         \
  X(KIND_HEAD, 2)                                                                             \
  X(KIND_BODY, 3)                                                                             \
  X(KIND_END, 4)     /* the body is complete (sent only after a body) */                      \
  X(KIND_DATA, 5)    /* bytes of a raw socket */                                              \
  X(KIND_PARTIAL, 6) /* a head has begun and is not complete, once a head */                  \
  X(KIND_BAD, 7)     /* the message is refused; nothing more will be read */                  \
  X(KIND_EOF, 8)     /* the peer has half-closed */                                           \
  X(KIND_DRAINED, 9) /* the kernel has taken all that was queued */                           \
  X(KIND_CLOSED, 10) /* exactly once, last */                                                 \
  X(KIND_READY, 11)  /* a user's descriptor is ready */                                       \
  X(KIND_CHUNK,                                                                               \
    12) /* a chunk has begun whose data is not all here; A, B: its size, low and high word */ \
  X(KIND_CONNECTED, 13) /* what connect() began is open; a failure is KIND_CLOSED */

#define LANDSPOUT_HEAD_FLAGS(X)                                               \
  X(HEAD_KEEP_ALIVE, 1)                                                       \
  X(HEAD_HTTP_1_0, 2)                                                         \
  X(HEAD_HAS_BODY, 4)                                                         \
  X(HEAD_CHUNKED, 8)                                                          \
  X(HEAD_EXPECT_CONTINUE, 16)                                                 \
  X(HEAD_UPGRADE, 32) /* held: reading goes on after OP_CONTINUE or OP_RAW */ \
  X(HEAD_IF_NONE_MATCH, 64)                                                   \
  X(HEAD_ABSOLUTE_FORM, 128)                                                  \
  X(HEAD_ASTERISK, 256)

#define LANDSPOUT_METHODS(X) \
  X(METHOD_GET, 0)           \
  X(METHOD_HEAD, 1)          \
  X(METHOD_POST, 2)          \
  X(METHOD_PUT, 3) X(METHOD_DELETE, 4) X(METHOD_PATCH, 5) X(METHOD_OPTIONS, 6) X(METHOD_OTHER, 7)

// Why a message is refused. lib/server/refusals.ts gives each its status and sentence.
#define LANDSPOUT_BAD_REASONS(X)                                     \
  X(BAD_SYNTAX, 1) /* request line */                                \
  X(BAD_METHOD, 2) /* not a token */                                 \
  X(BAD_TARGET, 3)                                                   \
  X(BAD_VERSION, 4)  /* well-formed HTTP/d.d other than 1.0, 1.1 */  \
  X(BAD_FIELD, 5)    /* a field line: name, colon, value, folding */ \
  X(BAD_LINE_END, 6) /* bare CR or LF */                             \
  X(BAD_HOST, 7)                                                     \
  X(BAD_CONTENT_LENGTH, 8)                                           \
  X(BAD_TRANSFER_ENCODING, 9)                                        \
  X(BAD_FRAMING, 10) /* Content-Length beside Transfer-Encoding */   \
  X(BAD_CHUNK, 11)                                                   \
  X(BAD_CONNECT, 12)                                                 \
  X(BAD_TARGET_LENGTH, 13)                                           \
  X(BAD_HEAD_LENGTH, 14)                                             \
  X(BAD_FIELD_COUNT, 15)                                             \
  X(BAD_TRAILER_LENGTH, 16)                                          \
  X(BAD_TRUNCATED, 17) /* the peer half-closed inside a message */   \
  X(BAD_ON_HEAD, 256)  /* added to the reason if the method is HEAD */

// Outbox commands: COMMAND_WORDS words each.
#define LANDSPOUT_COMMAND_WORDS(X) \
  X(COMMAND_OP, 0)                 \
  X(COMMAND_SLOT, 1)               \
  X(COMMAND_GENERATION, 2) X(COMMAND_A, 3) X(COMMAND_B, 4) X(COMMAND_C, 5) X(COMMAND_WORDS, 6)

#define LANDSPOUT_OPS(X)                                                                           \
  X(OP_WRITE, 1)    /* A, B: start and end in the outbox arena */                                  \
  X(OP_FRAMED, 2)   /* A, B: payload in the arena, or A: a piece and B: PAYLOAD_IS_PIECE; C: a     \
                       piece. Sends C, payload size in decimal, CRLF CRLF, payload */              \
  X(OP_PIECE, 3)    /* C: piece */                                                                 \
  X(OP_EXTERNAL, 4) /* A: index into the externals array, whose element is a Uint8Array of B bytes \
                       (low 32 bits) */                                                            \
  X(OP_PAUSE, 5)    /* stop reading */                                                             \
  X(OP_RESUME, 6)                                                                                  \
  X(OP_CONTINUE, 7) /* after HEAD_UPGRADE: go on as HTTP */                                        \
  X(OP_RAW, 8)      /* the rest is not HTTP: KIND_DATA */                                          \
  X(OP_SHUTDOWN, 9) /* half-close once everything before it has left */                            \
  X(OP_LINGER, 10)  /* half-close likewise, discard what arrives, close at the peer's end */       \
  X(OP_CLOSE, 11)   /* close once everything before it has left */                                 \
  X(OP_ABORT, 12)   /* close now, dropping what is queued */                                       \
  X(OP_RESET, 13)   /* close now with RST */                                                       \
  X(OP_TAGGED, 14)  /* as OP_FRAMED, but between piece and size stand the SHA-1 of the payload in  \
                       hexadecimal and '"' CRLF "Content-Length: " */                              \
  X(OP_FILE, 15)    /* C: an open descriptor; A, B: start and end in the outbox arena of two       \
                       float64, the first byte of the file and how many */

// Operands.
#define LANDSPOUT_OPERANDS(X) X(PAYLOAD_IS_PIECE, -1)

// Int32 control words.
#define LANDSPOUT_CONTROL_WORDS(X)                                    \
  X(CONTROL_COMMANDS, 0) /* outbox words filled by TypeScript */      \
  X(CONTROL_EPOCH, 1)    /* changes when the inbox arena is reused */ \
  X(CONTROL_WORDS, 4)

// Float64 clock words, milliseconds.
#define LANDSPOUT_CLOCK_WORDS(X)                                     \
  X(CLOCK_NOW, 0)  /* CLOCK_MONOTONIC + skew, stamped once a turn */ \
  X(CLOCK_SKEW, 1) /* a driven clock's lead over the real one */     \
  X(CLOCK_WORDS, 2)

// Float64 counters of a loop, from its beginning, always on: one addition a system call, none a
// request (a record costs the increment of an integer beside the ring's).
#define LANDSPOUT_STATS(X)                                                                \
  X(STAT_TURNS, 0)          /* times that JavaScript was entered with records */          \
  X(STAT_RECORDS, 1)        /* records delivered by that */                               \
  X(STAT_RECEIVED_BYTES, 2) /* of sockets; not of a user's descriptors */                 \
  X(STAT_SENT_BYTES, 3)     /* taken by the kernel, files included */                     \
  X(STAT_RECV_CALLS, 4)     /* also those that found nothing or the end */                \
  X(STAT_SEND_CALLS, 5)     /* send, sendmsg, sendfile; also those that were refused */   \
  X(STAT_ACCEPTED, 6)       /* connections that a listener gave an owner */               \
  X(STAT_CONNECTED, 7)      /* sockets of connect(), adopted ones included */             \
  X(STAT_CLOSED, 8)         /* of those two; the open ones are STAT_ACCEPTED +            \
                               STAT_CONNECTED - STAT_CLOSED */                            \
  X(STAT_QUEUED_BYTES, 9)   /* now: the sum of pendingBytes */                            \
  X(STAT_ACCEPT_ERRORS, 10) /* accept4(2) refused for want of descriptors or memory; the  \
                               listener rests some ms */                                  \
  X(STAT_SHED, 11)          /* connections closed at once for want of descriptors, memory \
                               or slots */                                                \
  X(STAT_WORDS, 12)

#define LANDSPOUT_DECLARE(name, value) inline constexpr int32_t name = value;
LANDSPOUT_RECORD_WORDS(LANDSPOUT_DECLARE)
LANDSPOUT_RECORD_KINDS(LANDSPOUT_DECLARE)
LANDSPOUT_HEAD_FLAGS(LANDSPOUT_DECLARE)
LANDSPOUT_METHODS(LANDSPOUT_DECLARE)
LANDSPOUT_BAD_REASONS(LANDSPOUT_DECLARE)
LANDSPOUT_COMMAND_WORDS(LANDSPOUT_DECLARE)
LANDSPOUT_OPS(LANDSPOUT_DECLARE)
LANDSPOUT_OPERANDS(LANDSPOUT_DECLARE)
LANDSPOUT_CONTROL_WORDS(LANDSPOUT_DECLARE)
LANDSPOUT_CLOCK_WORDS(LANDSPOUT_DECLARE)
LANDSPOUT_STATS(LANDSPOUT_DECLARE)
#undef LANDSPOUT_DECLARE

// Sizes, in bytes unless they say words.
inline constexpr uint32_t kReceiveBytes = 64 * 1024;  // most bytes of one recv(2): the read budget
// The same of a raw socket: room for a message of 64 KiB with its head, read whole.
inline constexpr uint32_t kRawReceiveBytes = 2 * kReceiveBytes;
inline constexpr uint32_t kMaxHeadBytes = 1024 * 1024;  // upper bound of maxHeaderBytes; < 2^24
inline constexpr uint32_t kInboxArenaBytes = 2 * 1024 * 1024;
// More is delivered in the middle of a turn, while it is in the CPU's cache: a message of 64 KiB of
// many connections costs two thirds.
inline constexpr uint32_t kInboxFullBytes = 256 * 1024;
inline constexpr uint32_t kInboxRingWords = 512 * 1024;
// What one recv(2) can fill in the worst case: 64 Ki one-byte chunks of six bytes each, six words a
// record.
inline constexpr uint32_t kReceiveRingWords = 96 * 1024;
inline constexpr uint32_t kOutboxArenaBytes = 1024 * 1024;
inline constexpr uint32_t kOutboxRingWords = 6 * 16 * 1024;

}  // namespace landspout

#endif  // LANDSPOUT_ABI_H_
