/**
 * Outbox: the writing side of the loop. What is appended here leaves at the end of the turn, one system call a socket.
 *
 * Owners of sockets (HTTP connections, streams) call it with a slot and its generation; a command of an old generation
 * is dropped in C++. Nothing here calls into C++ unless the arena or the ring is full.
 */
import {
  COMMAND_A,
  COMMAND_B,
  COMMAND_C,
  COMMAND_GENERATION,
  COMMAND_OP,
  COMMAND_SLOT,
  COMMAND_WORDS,
  CONTROL_COMMANDS,
  OP_EXTERNAL,
  OP_FILE,
  OP_FRAMED,
  OP_PIECE,
  OP_TAGGED,
  OP_WRITE,
  PAYLOAD_IS_PIECE,
  type Poller,
} from "./addon.ts";
import { Broadcast, EXTERNAL_BYTES, nextEpoch } from "./broadcast.ts";
import {
  frameHeadBytes,
  LENGTH_16,
  LONG_FRAME_HEAD,
  MOST_16,
  MOST_BYTES_A_UNIT,
  putFrameHead,
  SHORT_FRAME_HEAD,
} from "./framehead.ts";
import { keepLent } from "./lentmemory.ts";
import { type PieceKeeper, TextMemo } from "./textmemo.ts";

/** Up to this many characters a loop in JavaScript is cheaper than a call of Buffer's. */
const SHORT_TEXT = 96;

const LAST_ASCII = 0x7f;

/** FIN and the opcode of text. RFC 6455 §5.2. */
const FIN_TEXT = 0x81;

const nothing = new Uint8Array(0);
const NUMBER_BYTES = 8;
/** The operand of OP_FILE, two float64; it may have to skip to a multiple of one. */
const FILE_OPERAND_BYTES = 2 * NUMBER_BYTES;

export class Outbox implements PieceKeeper {
  readonly #poller: Poller;
  readonly #externals: Uint8Array[];
  #externalCount = 0;
  readonly #ring: Int32Array;
  readonly #control: Int32Array;
  /** For those who write frames into it themselves: reserve(), then sendReserved(). */
  readonly arena: Buffer;
  /** The same memory, for operands. */
  readonly #numbers: Float64Array;
  readonly #arenaBytes: number;
  readonly #ringWords: number;
  /** Bytes of the arena in use; void once C++ has emptied the ring. */
  #used = 0;
  readonly #memo = new TextMemo(this);
  #pieceCount = 0;
  /** @internal For Broadcast: changes whenever bytes of the arena may be overwritten. */
  epoch = nextEpoch();
  /** Frames for many sockets. */
  readonly broadcast: Broadcast;

  constructor(poller: Poller, externals: Uint8Array[]) {
    this.#poller = poller;
    this.#externals = externals;
    this.#ring = poller.outboxRing;
    this.#control = poller.control;
    this.arena = Buffer.from(poller.outboxArena.buffer);
    this.#numbers = new Float64Array(poller.outboxArena.buffer);
    this.#arenaBytes = this.arena.length;
    this.#ringWords = poller.outboxRing.length - (poller.outboxRing.length % COMMAND_WORDS);
    this.broadcast = new Broadcast(this, this.#ring, this.#control);
  }

  /** Sends what is here now, in the middle of a turn. */
  flush(): void {
    this.#poller.flush();
    this.#used = 0;
    this.epoch = nextEpoch();
    this.#dropExternals();
  }

  /** A turn begins: what the last one sent need not be kept alive any longer. */
  startTurn(): void {
    if (this.#control[CONTROL_COMMANDS] === 0) this.#dropExternals();
  }

  /** A number for a piece that no one else uses. */
  takePieceId(): number {
    return this.#pieceCount++;
  }

  /** Gives a piece other bytes; what names it has been sent before. */
  keep(piece: number, bytes: Uint8Array): void {
    this.flush();
    this.#poller.setPiece(piece, bytes);
  }

  /** A command without operands: OP_PAUSE, OP_CLOSE, … */
  command(op: number, slot: number, generation: number): void {
    this.#append(op, slot, generation, 0, 0, 0);
  }

  /** Bytes prepared with setPiece(). */
  writePiece(slot: number, generation: number, piece: number): void {
    this.#append(OP_PIECE, slot, generation, 0, 0, piece);
  }

  /**
   * A whole response: a piece that ends in "Content-Length: ", the size of the payload, an empty line, the payload.
   *
   * @hot bench/run.mjs: once per response; allocates nothing for short ASCII
   * @param text the payload, sent as UTF-8
   * @returns about how many bytes the payload has: characters, if it is kept by the memo
   */
  writeFramedText(slot: number, generation: number, piece: number, text: string): number {
    const known = this.#memo.find(text);
    if (known >= 0) {
      this.#append(OP_FRAMED, slot, generation, known, PAYLOAD_IS_PIECE, piece);
      return text.length;
    }
    const start = this.#room(text.length * MOST_BYTES_A_UNIT);
    if (start === -1) {
      const bytes = Buffer.from(text, "utf8");
      this.writeFramedBytes(slot, generation, piece, bytes);
      return bytes.length;
    }
    const end = this.#putText(start, text);
    this.#append(OP_FRAMED, slot, generation, start, end, piece);
    return end - start;
  }

  /**
   * As writeFramedText(), for a piece that ends in `Etag: "`: the addon adds the SHA-1 of the payload.
   *
   * @hot bench/run.mjs: once per response
   * @param text short enough for the arena: fewer than 64 Ki characters
   */
  writeTaggedText(slot: number, generation: number, piece: number, text: string): number {
    const known = this.#memo.find(text);
    if (known >= 0) {
      this.#append(OP_TAGGED, slot, generation, known, PAYLOAD_IS_PIECE, piece);
      return text.length;
    }
    const start = this.#room(text.length * MOST_BYTES_A_UNIT);
    const end = this.#putText(start, text);
    this.#append(OP_TAGGED, slot, generation, start, end, piece);
    return end - start;
  }

  /** As writeFramedText(), for bytes; large ones are sent from where they are and must not be changed until then. */
  writeFramedBytes(slot: number, generation: number, piece: number, bytes: Uint8Array): void {
    const start = this.put(bytes);
    if (start === -1) {
      this.writePiece(slot, generation, piece);
      this.writeText(slot, generation, `${bytes.length}\r\n\r\n`);
      this.#writeExternal(slot, generation, bytes);
    } else this.#append(OP_FRAMED, slot, generation, start, this.#used, piece);
  }

  /** Text as UTF-8. @returns bytes */
  writeText(slot: number, generation: number, text: string): number {
    const start = this.#room(text.length * MOST_BYTES_A_UNIT);
    if (start === -1) {
      const bytes = Buffer.from(text, "utf8");
      this.#writeExternal(slot, generation, bytes);
      return bytes.length;
    }
    const end = this.#putText(start, text);
    this.#append(OP_WRITE, slot, generation, start, end, 0);
    return end - start;
  }

  /**
   * A WebSocket text frame that is not masked.
   *
   * @hot bench/micro/websocket.bench.mjs: once per message; allocates nothing for up to 64 Ki characters
   * @returns bytes of the payload
   */
  writeTextFrame(slot: number, generation: number, text: string): number {
    const { length } = text;
    const { arena } = this;
    const start = this.#room(length * MOST_BYTES_A_UNIT + LONG_FRAME_HEAD);
    if (start === -1) {
      const bytes = Buffer.from(text, "utf8");
      this.writeBytesFrame(slot, generation, FIN_TEXT, bytes);
      return bytes.length;
    }
    // Nearly always the length in characters tells how long the head is.
    let payload =
      start + (length < LENGTH_16 ? SHORT_FRAME_HEAD : length <= MOST_16 ? 4 : LONG_FRAME_HEAD);
    let end = this.#putText(payload, text);
    const bytes = end - payload;
    const right = start + frameHeadBytes(bytes);
    if (right !== payload) {
      arena.copyWithin(right, payload, end);
      payload = right;
      end = right + bytes;
    }
    putFrameHead(arena, start, FIN_TEXT, bytes);
    this.sendReserved(slot, generation, start, end);
    return bytes;
  }

  /**
   * A WebSocket frame that is not masked; large payloads are sent from where they are and must not be changed until then.
   *
   * @param first its first byte: FIN, RSV1, opcode
   */
  writeBytesFrame(slot: number, generation: number, first: number, bytes: Uint8Array): void {
    const head = frameHeadBytes(bytes.length);
    const isLarge = bytes.length >= EXTERNAL_BYTES;
    const start = this.#room(head + (isLarge ? 0 : bytes.length));
    putFrameHead(this.arena, start, first, bytes.length);
    let end = start + head;
    if (!isLarge) {
      this.arena.set(bytes, end);
      end += bytes.length;
    }
    this.sendReserved(slot, generation, start, end);
    if (isLarge) this.#writeExternal(slot, generation, bytes);
  }

  /** Room in the arena. @returns where; -1 if `bytes` are more than it holds */
  reserve(bytes: number): number {
    return this.#room(bytes);
  }

  /** Sends `arena[start, end)`, of which `start` came from reserve(), with nothing appended in between. */
  sendReserved(slot: number, generation: number, start: number, end: number): void {
    this.#used = end;
    this.#extend(slot, generation, start, end);
  }

  /** Text of latin1 characters, one byte each: heads. */
  writeLatin1(slot: number, generation: number, text: string): void {
    const start = this.#room(text.length);
    if (start === -1) this.#writeExternal(slot, generation, Buffer.from(text, "latin1"));
    else {
      this.#used = start + this.arena.latin1Write(text, start, text.length);
      this.#append(OP_WRITE, slot, generation, start, this.#used, 0);
    }
  }

  /** Bytes; large ones are sent from where they are and must not be changed until they have left. */
  writeBytes(slot: number, generation: number, bytes: Uint8Array): void {
    const start = this.put(bytes);
    if (start === -1) this.#writeExternal(slot, generation, bytes);
    else this.#append(OP_WRITE, slot, generation, start, this.#used, 0);
  }

  /** Puts bytes into the arena, for writeSpan(). @returns where; -1 if they are too many to be copied */
  put(bytes: Uint8Array): number {
    const start = bytes.length < EXTERNAL_BYTES ? this.#room(bytes.length) : -1;
    if (start === -1) return -1;
    this.arena.set(bytes, start);
    this.#used = start + bytes.length;
    return start;
  }

  /** Sends `arena[start, end)`, which put() has filled in this epoch. */
  writeSpan(slot: number, generation: number, start: number, end: number): void {
    this.#append(OP_WRITE, slot, generation, start, end, 0);
  }

  /**
   * Bytes of an open file, by sendfile(2); the file's own position is neither used nor moved.
   *
   * The descriptor is the caller's to close, once the outbox has been flushed: by flush(), or in a later turn. A file
   * that ends before `length` bytes have left ends the connection by a reset, and onClosed gets ENODATA; any other
   * error of the file (EBADF, EISDIR, ESPIPE for what has no positions, EIO; EMFILE if no descriptor was left to queue
   * it with) does so with its own number.
   *
   * @hot bench/run.mjs: once per file; allocates nothing
   * @param fd an open file; anything else that can be read by position will do
   * @param offset first byte, 0 to 2^53 - 1
   * @param length bytes, 0 to 2^53 - 1 - offset
   */
  writeFile(slot: number, generation: number, fd: number, offset: number, length: number): void {
    const room = this.#room(FILE_OPERAND_BYTES + NUMBER_BYTES);
    const word = Math.ceil(room / NUMBER_BYTES);
    this.#numbers[word] = offset;
    this.#numbers[word + 1] = length;
    const start = word * NUMBER_BYTES;
    this.#used = start + FILE_OPERAND_BYTES;
    this.#append(OP_FILE, slot, generation, start, this.#used, fd);
  }

  #writeExternal(slot: number, generation: number, bytes: Uint8Array): void {
    keepLent(bytes);
    if (this.#control[CONTROL_COMMANDS] === 0) this.#dropExternals();
    // The ring may be flushed by #append to make room, which empties the list: make that room first.
    if (this.#control[CONTROL_COMMANDS]! + COMMAND_WORDS > this.#ringWords) this.flush();
    // A large frame for many sockets is there once.
    if (this.#externalCount === 0 || this.#externals[this.#externalCount - 1] !== bytes)
      this.#externals[this.#externalCount++] = bytes;
    this.#append(OP_EXTERNAL, slot, generation, this.#externalCount - 1, bytes.length | 0, 0);
  }

  /** Overwritten, not cut off: setting `length` costs half a microsecond. */
  #dropExternals(): void {
    while (this.#externalCount > 0) this.#externals[--this.#externalCount] = nothing;
  }

  /** Where so many bytes may be put, or -1 if they are more than the arena holds. */
  #room(bytes: number): number {
    if (this.#control[CONTROL_COMMANDS] === 0) {
      this.#used = 0;
      this.epoch = nextEpoch();
    }
    if (bytes <= this.#arenaBytes - this.#used) return this.#used;
    if (bytes > this.#arenaBytes) return -1;
    this.flush();
    return 0;
  }

  /** Writes text at `start`, where there is room for it. @returns one past its last byte */
  #putText(start: number, text: string): number {
    const arena = this.arena;
    const length = text.length;
    if (length <= SHORT_TEXT) {
      let at = start;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > LAST_ASCII) break;
        arena[at++] = unit;
      }
      if (i === length) {
        this.#used = at;
        return at;
      }
    }
    this.#used = start + arena.utf8Write(text, start, length * MOST_BYTES_A_UNIT);
    return this.#used;
  }

  /** OP_WRITE of `arena[start, end)`, in one command with the one before if that is the same socket's and ends there. */
  #extend(slot: number, generation: number, start: number, end: number): void {
    const ring = this.#ring;
    const last = this.#control[CONTROL_COMMANDS]! - COMMAND_WORDS;
    if (
      last >= 0 &&
      ring[last + COMMAND_B] === start &&
      ring[last + COMMAND_SLOT] === slot &&
      ring[last + COMMAND_GENERATION] === generation &&
      ring[last + COMMAND_OP] === OP_WRITE
    ) {
      ring[last + COMMAND_B] = end;
    } else {
      this.#append(OP_WRITE, slot, generation, start, end, 0);
    }
  }

  #append(op: number, slot: number, generation: number, a: number, b: number, c: number): void {
    const ring = this.#ring;
    let at = this.#control[CONTROL_COMMANDS]!;
    if (at + COMMAND_WORDS > this.#ringWords) {
      this.#flushBut(hasOperand(op) && b !== PAYLOAD_IS_PIECE ? b : 0);
      at = 0;
    }
    ring[at + COMMAND_OP] = op;
    ring[at + COMMAND_SLOT] = slot;
    ring[at + COMMAND_GENERATION] = generation;
    ring[at + COMMAND_A] = a;
    ring[at + COMMAND_B] = b;
    ring[at + COMMAND_C] = c;
    this.#control[CONTROL_COMMANDS] = at + COMMAND_WORDS;
  }

  /** Flushes a full ring while the arena already holds the operand of the command to come, which stays: up to `end`. */
  #flushBut(end: number): void {
    this.#poller.flush();
    if (end < this.#used) this.epoch = nextEpoch();
    this.#used = end;
  }
}

/** A and B of the command are bytes of the arena. */
function hasOperand(op: number): boolean {
  return op === OP_WRITE || op === OP_FRAMED || op === OP_TAGGED || op === OP_FILE;
}

declare global {
  interface Buffer {
    // Long-standing methods of Buffer's that its types leave out.
    latin1Write(text: string, offset: number, length: number): number;
    utf8Write(text: string, offset: number, length: number): number;
    latin1Slice(start: number, end: number): string;
  }
}
