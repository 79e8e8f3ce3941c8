/**
 * The typed face of the addon: loads the one binary and names what it exports.
 *
 * Only lib/native and lib/loop use it. Every number that C++ and TypeScript share (record layouts, commands, flags) is
 * stated in abi.h and read from here. Loading opens no descriptor, timer or signal.
 */
import { CodedError } from "../base/errors.ts";
import { loadAddon } from "./addonfile.ts";
import type { NativeCodecs } from "./deflatecodec.ts";

/** What listens, and how: `kind` 4 or 6 for IP, 1 for a Unix socket, 0 to adopt the descriptor given as `port`. */
type ListenAddress = readonly [
  kind: number,
  host: string,
  port: number,
  backlog: number,
  reusePort: boolean,
  ipv6Only: boolean,
];

/** The native half of one IOLoop. Slots are small integers; results below zero are -errno. */
export interface Poller {
  /** Bytes that sockets are read into; the loop's until the turn ends. */
  readonly inboxArena: Uint8Array;
  readonly inboxRing: Int32Array;
  readonly outboxArena: Uint8Array;
  readonly outboxRing: Int32Array;
  readonly control: Int32Array;
  /** [CLOCK_NOW, CLOCK_SKEW], ms. */
  readonly clock: Float64Array;
  /** By slot: CLOCK_NOW of the last read, or of the last progress of a write that had stalled. */
  readonly lastActive: Float64Array;
  /** By slot: bytes that the kernel has refused so far. */
  readonly pendingBytes: Int32Array;
  /** By STAT_…: counters of this loop since it was made; they cost nothing to read. */
  readonly stats: Float64Array;

  /** @returns the slot, or [errno, name of the system call] */
  listen(
    ...given: readonly [
      ...address: ListenAddress,
      http: boolean,
      maxHeadBytes: number,
      maxFieldCount: number,
      maxTargetBytes: number,
    ]
  ): number | [errno: number, syscall: string];
  /** A listening socket that nobody accepts from, as a descriptor for listen() to adopt; `mode` < 0: the umask's. */
  bind(
    ...given: readonly [...address: ListenAddress, mode: number]
  ): number | [errno: number, syscall: string];
  /**
   * Begins to connect; KIND_CONNECTED or KIND_CLOSED tells how that went. Bytes may be written meanwhile.
   *
   * @param kind 4 or 6 for IP, 1 for a Unix socket, 0 to adopt the connected stream socket given as `port`, of which
   *   there is no KIND_CONNECTED
   * @param sourceHost numeric, or "" for any
   * @returns the slot, or [errno, name of the system call]
   */
  connect(
    kind: number,
    host: string,
    port: number,
    sourceHost: string,
    sourcePort: number,
  ): number | [errno: number, syscall: string];
  /**
   * Two slots that are connected to each other in memory: the first as one that an HTTP listener with these limits has
   * accepted, the second raw. There is a record of neither.
   */
  memoryPair(
    maxHeadBytes: number,
    maxFieldCount: number,
    maxTargetBytes: number,
  ): [server: number, client: number] | number;
  /** 0 or -errno. */
  setNoDelay(slot: number, generation: number, on: boolean): number;
  /**
   * Time without a byte until the kernel asks whether the peer is there; 0 = never. Of a listening socket: of those it accepts
   * from now on.
   *
   * @param seconds 0 to 32767
   * @returns 0 or -errno
   */
  setKeepAlive(slot: number, generation: number, seconds: number): number;
  addFd(fd: number, events: number): number;
  updateFd(slot: number, generation: number, events: number): number;
  removeFd(slot: number, generation: number): number;
  closeSlot(slot: number, generation: number): number;
  descriptor(slot: number, generation: number): number;
  generation(slot: number): number;
  /** [host, port, family 4 | 6 | 1], or null if the socket is gone. */
  name(
    slot: number,
    generation: number,
    peer: boolean,
  ): [host: string, port: number, family: number] | null;
  /** As name(), of a socket by its descriptor. */
  fdName(fd: number): [host: string, port: number, family: number] | null;
  setPiece(id: number, bytes: Uint8Array): number;
  /** Sends all that the outbox holds. */
  flush(): void;
  /** Stamps and returns CLOCK_NOW. */
  now(): number;
  close(): void;
}

/**
 * Takes the mask of a WebSocket frame off `bytes[start, end)`.
 *
 * @param key   the mask's four bytes as an integer, the first on the wire highest
 * @param phase which byte of the mask the first one meets: 0 to 3
 * @returns true if any byte of the result is not ASCII
 */
export type Unmask = (
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
) => boolean;

/** Puts `bytes[start, end)` without its mask into `target`, which has end - start bytes and is none of these. */
export type UnmaskTo = (
  target: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
) => void;

interface Addon extends NativeCodecs {
  readonly Poller: new (
    capacity: number,
    turn: (words: number) => void,
    externals: Uint8Array[],
  ) => Poller;
  readonly hashBytes: (bytes: Uint8Array) => number;
  readonly unmask: Unmask;
  /**
   * Sends `text` as one datagram to a Unix socket, without waiting: what sd_notify(3) does for NOTIFY_SOCKET.
   *
   * @param path "/…", or "@…" for an abstract name
   * @returns 0 or the errno: EAFNOSUPPORT for another kind of path, EINVAL for an empty text, ENAMETOOLONG, ENOENT or
   *   ECONNREFUSED if nobody listens, EAGAIN if the receiver's queue is full, EMSGSIZE
   */
  readonly notifySocket: (path: string, text: string) => number;
  readonly unmaskTo: UnmaskTo;
  /**
   * Takes the memory that `bytes` lie in away from JavaScript, the whole ArrayBuffer, and frees it: all views of it have no
   * bytes afterwards.
   *
   * @returns false if that cannot be: shared memory, and WebAssembly's
   */
  readonly detach: (bytes: Uint8Array) => boolean;
  readonly fieldNames: readonly string[];
  readonly methodNames: readonly string[];
  readonly constants: Readonly<Record<string, number>>;
}

const addon = loadAddon() as Addon;

export const {
  Poller,
  hashBytes,
  fieldNames,
  methodNames,
  notifySocket,
  unmask,
  unmaskTo,
  detach,
} = addon;
/** The classes and numbers that deflate.ts is made of. */
export const nativeCodecs: NativeCodecs = addon;

/** A constant of abi.h. */
function constant(name: string): number {
  const value = addon.constants[name];
  if (value === undefined) {
    throw new CodedError(
      "ERR_NATIVE_LOAD",
      `the addon does not export ${name}: it is older than this code; run "npm rebuild landspout"`,
    );
  }
  return value;
}

// Records of the inbox ring.
export const RECORD_LENGTH = constant("RECORD_LENGTH");
export const RECORD_KIND = constant("RECORD_KIND");
export const RECORD_SLOT = constant("RECORD_SLOT");
export const RECORD_GENERATION = constant("RECORD_GENERATION");
export const RECORD_A = constant("RECORD_A");
export const RECORD_B = constant("RECORD_B");
export const RECORD_START = constant("RECORD_START");
export const RECORD_END = constant("RECORD_END");
export const HEAD_START = constant("HEAD_START");
export const HEAD_END = constant("HEAD_END");
export const HEAD_FLAGS = constant("HEAD_FLAGS");
export const HEAD_METHOD = constant("HEAD_METHOD");
export const HEAD_TARGET_START = constant("HEAD_TARGET_START");
export const HEAD_TARGET_END = constant("HEAD_TARGET_END");
export const HEAD_PATH_END = constant("HEAD_PATH_END");
export const HEAD_PATH_HASH = constant("HEAD_PATH_HASH");
export const HEAD_LENGTH_LOW = constant("HEAD_LENGTH_LOW");
export const HEAD_LENGTH_HIGH = constant("HEAD_LENGTH_HIGH");
export const HEAD_FIELD_COUNT = constant("HEAD_FIELD_COUNT");
export const HEAD_FIELDS = constant("HEAD_FIELDS");

export const KIND_ACCEPTED = constant("KIND_ACCEPTED");
export const KIND_HEAD = constant("KIND_HEAD");
export const KIND_BODY = constant("KIND_BODY");
export const KIND_END = constant("KIND_END");
export const KIND_DATA = constant("KIND_DATA");
export const KIND_PARTIAL = constant("KIND_PARTIAL");
export const KIND_BAD = constant("KIND_BAD");
export const KIND_EOF = constant("KIND_EOF");
export const KIND_DRAINED = constant("KIND_DRAINED");
export const KIND_CLOSED = constant("KIND_CLOSED");
export const KIND_READY = constant("KIND_READY");
export const KIND_CHUNK = constant("KIND_CHUNK");
export const KIND_CONNECTED = constant("KIND_CONNECTED");

export const HEAD_KEEP_ALIVE = constant("HEAD_KEEP_ALIVE");
export const HEAD_HTTP_1_0 = constant("HEAD_HTTP_1_0");
export const HEAD_HAS_BODY = constant("HEAD_HAS_BODY");
export const HEAD_CHUNKED = constant("HEAD_CHUNKED");
export const HEAD_EXPECT_CONTINUE = constant("HEAD_EXPECT_CONTINUE");
export const HEAD_UPGRADE = constant("HEAD_UPGRADE");
export const HEAD_IF_NONE_MATCH = constant("HEAD_IF_NONE_MATCH");
export const HEAD_ABSOLUTE_FORM = constant("HEAD_ABSOLUTE_FORM");
export const HEAD_ASTERISK = constant("HEAD_ASTERISK");

export const METHOD_GET = constant("METHOD_GET");
export const METHOD_HEAD = constant("METHOD_HEAD");
export const METHOD_OPTIONS = constant("METHOD_OPTIONS");
export const METHOD_OTHER = constant("METHOD_OTHER");

export const BAD_SYNTAX = constant("BAD_SYNTAX");
export const BAD_METHOD = constant("BAD_METHOD");
export const BAD_TARGET = constant("BAD_TARGET");
export const BAD_VERSION = constant("BAD_VERSION");
export const BAD_FIELD = constant("BAD_FIELD");
export const BAD_LINE_END = constant("BAD_LINE_END");
export const BAD_HOST = constant("BAD_HOST");
export const BAD_CONTENT_LENGTH = constant("BAD_CONTENT_LENGTH");
export const BAD_TRANSFER_ENCODING = constant("BAD_TRANSFER_ENCODING");
export const BAD_FRAMING = constant("BAD_FRAMING");
export const BAD_CHUNK = constant("BAD_CHUNK");
export const BAD_CONNECT = constant("BAD_CONNECT");
export const BAD_TARGET_LENGTH = constant("BAD_TARGET_LENGTH");
export const BAD_HEAD_LENGTH = constant("BAD_HEAD_LENGTH");
export const BAD_FIELD_COUNT = constant("BAD_FIELD_COUNT");
export const BAD_TRAILER_LENGTH = constant("BAD_TRAILER_LENGTH");
export const BAD_TRUNCATED = constant("BAD_TRUNCATED");
export const BAD_ON_HEAD = constant("BAD_ON_HEAD");

// Commands of the outbox ring.
export const COMMAND_OP = constant("COMMAND_OP");
export const COMMAND_SLOT = constant("COMMAND_SLOT");
export const COMMAND_GENERATION = constant("COMMAND_GENERATION");
export const COMMAND_A = constant("COMMAND_A");
export const COMMAND_B = constant("COMMAND_B");
export const COMMAND_C = constant("COMMAND_C");
export const COMMAND_WORDS = constant("COMMAND_WORDS");

export const OP_WRITE = constant("OP_WRITE");
export const OP_FRAMED = constant("OP_FRAMED");
export const OP_PIECE = constant("OP_PIECE");
export const OP_EXTERNAL = constant("OP_EXTERNAL");
export const OP_PAUSE = constant("OP_PAUSE");
export const OP_RESUME = constant("OP_RESUME");
export const OP_CONTINUE = constant("OP_CONTINUE");
export const OP_RAW = constant("OP_RAW");
export const OP_SHUTDOWN = constant("OP_SHUTDOWN");
export const OP_LINGER = constant("OP_LINGER");
export const OP_CLOSE = constant("OP_CLOSE");
export const OP_ABORT = constant("OP_ABORT");
export const OP_RESET = constant("OP_RESET");
export const OP_TAGGED = constant("OP_TAGGED");
export const OP_FILE = constant("OP_FILE");

export const PAYLOAD_IS_PIECE = constant("PAYLOAD_IS_PIECE");

// Control and clock words.
export const CONTROL_COMMANDS = constant("CONTROL_COMMANDS");
export const CONTROL_EPOCH = constant("CONTROL_EPOCH");
export const CLOCK_NOW = constant("CLOCK_NOW");
export const CLOCK_SKEW = constant("CLOCK_SKEW");

// Counters: what each counts is said in abi.h.
export const STAT_TURNS = constant("STAT_TURNS");
export const STAT_RECORDS = constant("STAT_RECORDS");
export const STAT_RECEIVED_BYTES = constant("STAT_RECEIVED_BYTES");
export const STAT_SENT_BYTES = constant("STAT_SENT_BYTES");
export const STAT_RECV_CALLS = constant("STAT_RECV_CALLS");
export const STAT_SEND_CALLS = constant("STAT_SEND_CALLS");
export const STAT_ACCEPTED = constant("STAT_ACCEPTED");
export const STAT_CONNECTED = constant("STAT_CONNECTED");
export const STAT_CLOSED = constant("STAT_CLOSED");
export const STAT_QUEUED_BYTES = constant("STAT_QUEUED_BYTES");
export const STAT_ACCEPT_ERRORS = constant("STAT_ACCEPT_ERRORS");
export const STAT_SHED = constant("STAT_SHED");

/** The hash that head records carry of their path, for a path known in TypeScript (latin1). */
export function hashPath(path: string): number {
  return hashBytes(Buffer.from(path, "latin1"));
}
