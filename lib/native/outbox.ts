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
  OP_FRAMED,
  OP_PIECE,
  OP_TAGGED,
  OP_WRITE,
  PAYLOAD_IS_PIECE,
  type Poller,
} from "./addon.ts";
import { type PieceKeeper, TextMemo } from "./textmemo.ts";

/** Up to this many characters a loop in JavaScript is cheaper than a call of Buffer's. */
const SHORT_TEXT = 96;

/** From this many bytes on a write is sent from the caller's buffer instead of a copy. */
const EXTERNAL_BYTES = 32 * 1024;

/** Most UTF-8 bytes of one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;

const LAST_ASCII = 0x7f;

export class Outbox implements PieceKeeper {
  readonly #poller: Poller;
  readonly #externals: Uint8Array[];
  readonly #ring: Int32Array;
  readonly #control: Int32Array;
  readonly #arena: Buffer;
  readonly #arenaBytes: number;
  readonly #ringWords: number;
  /** Bytes of the arena in use; void once C++ has emptied the ring. */
  #used = 0;
  readonly #memo = new TextMemo(this);
  #pieceCount = 0;

  constructor(poller: Poller, externals: Uint8Array[]) {
    this.#poller = poller;
    this.#externals = externals;
    this.#ring = poller.outboxRing;
    this.#control = poller.control;
    this.#arena = Buffer.from(poller.outboxArena.buffer);
    this.#arenaBytes = this.#arena.length;
    this.#ringWords = poller.outboxRing.length - (poller.outboxRing.length % COMMAND_WORDS);
  }

  /** Sends what is here now, in the middle of a turn. */
  flush(): void {
    this.#poller.flush();
    this.#used = 0;
    this.#externals.length = 0;
  }

  /** A turn begins: what the last one sent need not be kept alive any longer. */
  startTurn(): void {
    if (this.#externals.length > 0 && this.#control[CONTROL_COMMANDS] === 0) {
      this.#externals.length = 0;
    }
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
    const start = bytes.length < EXTERNAL_BYTES ? this.#room(bytes.length) : -1;
    if (start === -1) {
      this.writePiece(slot, generation, piece);
      this.writeText(slot, generation, `${bytes.length}\r\n\r\n`);
      this.#writeExternal(slot, generation, bytes);
      return;
    }
    this.#arena.set(bytes, start);
    this.#used = start + bytes.length;
    this.#append(OP_FRAMED, slot, generation, start, this.#used, piece);
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

  /** Text of latin1 characters, one byte each: heads. */
  writeLatin1(slot: number, generation: number, text: string): void {
    const start = this.#room(text.length);
    if (start === -1) {
      this.#writeExternal(slot, generation, Buffer.from(text, "latin1"));
      return;
    }
    this.#used = start + this.#arena.latin1Write(text, start, text.length);
    this.#append(OP_WRITE, slot, generation, start, this.#used, 0);
  }

  /** Bytes; large ones are sent from where they are and must not be changed until they have left. */
  writeBytes(slot: number, generation: number, bytes: Uint8Array): void {
    const start = bytes.length < EXTERNAL_BYTES ? this.#room(bytes.length) : -1;
    if (start === -1) {
      this.#writeExternal(slot, generation, bytes);
      return;
    }
    this.#arena.set(bytes, start);
    this.#used = start + bytes.length;
    this.#append(OP_WRITE, slot, generation, start, this.#used, 0);
  }

  #writeExternal(slot: number, generation: number, bytes: Uint8Array): void {
    if (this.#control[CONTROL_COMMANDS] === 0) this.#externals.length = 0;
    // The ring may be flushed by #append to make room, which empties the list: make that room first.
    if (this.#control[CONTROL_COMMANDS]! + COMMAND_WORDS > this.#ringWords) this.flush();
    this.#externals.push(bytes);
    this.#append(OP_EXTERNAL, slot, generation, this.#externals.length - 1, bytes.length | 0, 0);
  }

  /** Where `bytes` bytes may be put, or -1 if they are more than the arena holds. */
  #room(bytes: number): number {
    if (this.#control[CONTROL_COMMANDS] === 0) this.#used = 0;
    if (bytes <= this.#arenaBytes - this.#used) return this.#used;
    if (bytes > this.#arenaBytes) return -1;
    this.flush();
    return 0;
  }

  /** Writes text at `start`, where there is room for it. @returns one past its last byte */
  #putText(start: number, text: string): number {
    const arena = this.#arena;
    const length = text.length;
    let at = start;
    if (length <= SHORT_TEXT) {
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
    at = start + arena.utf8Write(text, start, length * MOST_BYTES_A_UNIT);
    this.#used = at;
    return at;
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
    this.#used = end;
  }
}

/** A and B of the command are bytes of the arena. */
function hasOperand(op: number): boolean {
  return op === OP_WRITE || op === OP_FRAMED || op === OP_TAGGED;
}

declare global {
  interface Buffer {
    // Long-standing methods of Buffer's that its types leave out.
    latin1Write(text: string, offset: number, length: number): number;
    utf8Write(text: string, offset: number, length: number): number;
    latin1Slice(start: number, end: number): string;
  }
}
