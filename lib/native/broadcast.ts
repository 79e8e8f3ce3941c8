/**
 * Broadcast: one WebSocket frame for many sockets. Its bytes are in the outbox's arena once, and each socket's command
 * names them.
 *
 *     ring   …│ write A 0–102 │ write B 0–102 │ write C 0–102 │      the first frame of a turn
 *     ring   …│ write A 0–204 │ write B 0–204 │ write C 0–204 │      the second, for the same sockets: no further command
 *
 * Outbox has one. A frame that follows the one before in the arena, and goes to the same sockets in the same order, makes
 * their commands longer; so a turn's frames leave together, and the ring does not fill. A command is made longer only
 * while it is the last one of its socket: nothing else may have been appended since the frame before.
 */
import {
  COMMAND_B,
  COMMAND_GENERATION,
  COMMAND_OP,
  COMMAND_SLOT,
  COMMAND_WORDS,
  CONTROL_COMMANDS,
  OP_WRITE,
} from "./addon.ts";
import { frameHeadBytes, putFrameHead } from "./framehead.ts";

/** From this many bytes on a write is sent from the caller's buffer instead of a copy. */
export const EXTERNAL_BYTES = 32 * 1024;

/** What is needed of the outbox. */
export interface SpanOutbox {
  /** Changes whenever bytes of the arena may be overwritten. Never the same in two outboxes. */
  readonly epoch: number;
  /** Puts bytes into the arena. @returns where; -1 if they are too many, and to be sent from where they are */
  put(bytes: Uint8Array): number;
  /** Sends `arena[start, end)`, which put() has filled in this epoch. */
  writeSpan(slot: number, generation: number, start: number, end: number): void;
  writeBytes(slot: number, generation: number, bytes: Uint8Array): void;
}

/** A frame for any number of sockets, in any number of turns. Its fields are plain: Broadcast writes them. */
export class SharedFrame {
  /** Head and payload; not to be changed. */
  readonly bytes: Buffer;
  /** Where in it the payload begins. */
  readonly payloadAt: number;
  /** Where it lies in the arena while `epoch` is the outbox's. */
  start = 0;
  end = 0;
  epoch = 0;

  /**
   * @param first its first byte: FIN, RSV1, opcode
   * @param payload text is sent as UTF-8; bytes are copied
   * @param isKept it will be kept for long: its bytes get memory of their own, not a part of a slab
   */
  constructor(first: number, payload: string | Uint8Array, isKept: boolean) {
    const length = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
    const head = frameHeadBytes(length);
    const bytes = isKept
      ? Buffer.allocUnsafeSlow(head + length)
      : Buffer.allocUnsafe(head + length);
    putFrameHead(bytes, 0, first, length);
    if (typeof payload === "string") bytes.utf8Write(payload, head, length);
    else bytes.set(payload, head);
    this.bytes = bytes;
    this.payloadAt = head;
  }
}

/** In the place of a number of words: no frame may make the commands of this run longer. */
const BROKEN = -1;

let lastEpoch = 0;

/** A number for an epoch that no outbox has had. */
export function nextEpoch(): number {
  return ++lastEpoch;
}

export class Broadcast {
  readonly #outbox: SpanOutbox;
  readonly #ring: Int32Array;
  readonly #control: Int32Array;
  /** The last frame that was put into the arena: its epoch and its end. */
  #epoch = 0;
  #end = 0;
  /** Where its run of commands begins in the ring; how many words the ring had after the last of them. */
  #first = 0;
  #last = 0;
  /** The next command that may be made longer, and where those end. */
  #cursor = 0;
  #stop = 0;

  constructor(outbox: SpanOutbox, ring: Int32Array, control: Int32Array) {
    this.#outbox = outbox;
    this.#ring = ring;
    this.#control = control;
  }

  /**
   * Sends a new frame to one of its sockets: once to each, and all before the next frame. Any other frame is for again().
   *
   * @hot bench/micro/topics.bench.mjs: once per receiver; allocates nothing
   */
  write(slot: number, generation: number, frame: SharedFrame): void {
    const outbox = this.#outbox;
    if (frame.epoch !== outbox.epoch && !this.#place(frame)) {
      outbox.writeBytes(slot, generation, frame.bytes);
      return;
    }
    if (frame.end !== this.#end) {
      this.again(slot, generation, frame);
      return;
    }
    const before = this.#control[CONTROL_COMMANDS]!;
    const at = this.#cursor;
    if (at < this.#stop && before === this.#last) {
      const ring = this.#ring;
      this.#cursor = at + COMMAND_WORDS;
      if (
        ring[at + COMMAND_SLOT] === slot &&
        ring[at + COMMAND_GENERATION] === generation &&
        ring[at + COMMAND_B] === frame.start &&
        ring[at + COMMAND_OP] === OP_WRITE
      ) {
        ring[at + COMMAND_B] = frame.end;
        return;
      }
    } else {
      this.#stop = 0;
    }
    outbox.writeSpan(slot, generation, frame.start, frame.end);
    const after = this.#control[CONTROL_COMMANDS]!;
    // The ring was full, and has been flushed: what the cursor points at has left.
    if (after <= before) this.#stop = 0;
    if (this.#last !== BROKEN) this.#last = after;
  }

  /** Sends a frame to a socket that may have got it before, or others since. */
  again(slot: number, generation: number, frame: SharedFrame): void {
    const outbox = this.#outbox;
    if (frame.epoch !== outbox.epoch && !this.#place(frame)) {
      outbox.writeBytes(slot, generation, frame.bytes);
      return;
    }
    outbox.writeSpan(slot, generation, frame.start, frame.end);
    // No command of the run can be told to be the last one of its socket any more.
    this.#stop = 0;
    this.#last = BROKEN;
  }

  /** Puts a frame into the arena. @returns false if it is too large */
  #place(frame: SharedFrame): boolean {
    const outbox = this.#outbox;
    const start = outbox.put(frame.bytes);
    if (start === -1) {
      this.#last = BROKEN;
      return false;
    }
    const commands = this.#control[CONTROL_COMMANDS]!;
    const follows =
      start === this.#end && outbox.epoch === this.#epoch && commands === this.#last && start > 0;
    if (!follows) this.#first = commands;
    this.#cursor = this.#first;
    this.#stop = follows ? commands : 0;
    this.#last = commands;
    frame.start = start;
    frame.end = start + frame.bytes.length;
    frame.epoch = outbox.epoch;
    this.#epoch = outbox.epoch;
    this.#end = frame.end;
    return true;
  }
}
