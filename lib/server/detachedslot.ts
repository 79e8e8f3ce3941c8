/**
 * DetachedSlot: a connection that HTTP has given away, between the loop and its new owner.
 *
 * HTTPServer.detach() makes one. It passes on what raw bytes have for events, and tells the server of the end, which
 * still counts the connection.
 */
import { log } from "../base/log.ts";
import {
  KIND_BAD,
  KIND_HEAD,
  KIND_PARTIAL,
  OP_ABORT,
  RECORD_GENERATION,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_SLOT,
} from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner, type SlotOwner } from "../loop/slotowner.ts";

/** What the new owner of a connection knows it by. */
export interface Detached {
  readonly slot: number;
  readonly generation: number;
}

export class DetachedSlot extends QuietOwner {
  readonly #loop: IOLoop;
  readonly #owner: SlotOwner;
  readonly #onClosed: () => void;

  constructor(loop: IOLoop, owner: SlotOwner, onClosed: () => void) {
    super();
    this.#loop = loop;
    this.#owner = owner;
    this.#onClosed = onClosed;
  }

  override onData(slot: number, start: number, end: number): void {
    this.#owner.onData(slot, start, end);
  }

  override onEof(slot: number): void {
    this.#owner.onEof(slot);
  }

  override onDrained(slot: number): void {
    this.#owner.onDrained(slot);
  }

  override onClosed(slot: number, errno: number): void {
    this.#onClosed();
    this.#owner.onClosed(slot, errno);
  }

  // What was read as HTTP before the switch was made: bytes of the owner's are lost.

  override onHead(slot: number): void {
    this.#lost(slot);
  }

  override onPartial(slot: number): void {
    this.#lost(slot);
  }

  override onBad(slot: number): void {
    this.#lost(slot);
  }

  #lost(slot: number): void {
    log.error("bytes of a detached connection were read as HTTP; it is closed");
    this.#loop.outbox.command(OP_ABORT, slot, this.#loop.generations[slot] ?? 0);
  }
}

/** Has anything behind this request been read as HTTP, in the records of this turn that are still to be walked? */
export function hasMessageBehind(request: {
  readonly loop: IOLoop;
  readonly isLive: boolean;
  readonly at: number;
  readonly slot: number;
  readonly generation: number;
}): boolean {
  const { loop, slot, generation } = request;
  const { ring } = loop;
  // A head of an earlier turn is before every record of this one.
  let at = request.isLive ? request.at + (ring[request.at + RECORD_LENGTH] ?? 0) : 0;
  for (; loop.inTurn && at < loop.turnWords; at += ring[at + RECORD_LENGTH] ?? loop.turnWords) {
    if (ring[at + RECORD_SLOT] !== slot || ring[at + RECORD_GENERATION] !== generation) continue;
    const kind = ring[at + RECORD_KIND];
    if (kind === KIND_HEAD || kind === KIND_PARTIAL || kind === KIND_BAD) return true;
  }
  return false;
}
