/**
 * StreamSocket: the slot of an IOStream: pausing, naming and ending it.
 *
 * Commands to a slot that is gone are dropped by its generation; what needs an answer asks `isLive` first.
 */
import { OP_ABORT, OP_CLOSE, OP_PAUSE, OP_RESUME, OP_SHUTDOWN } from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { type BoundAddress, boundAddress } from "./listenaddress.ts";
import { connectionError } from "./streamerrors.ts";

/** Time without progress after which what was written before close() is given up. */
const DRAIN_MS = 30_000;

/** How the loop knows a connection. */
export interface StreamSlot {
  readonly slot: number;
  readonly generation: number;
}

/** A connection that a stream has given away: its next owner sets itself as the slot's. */
export interface DetachedStream extends StreamSlot {
  /** What had arrived and was not read. */
  readonly rest: Buffer;
  /** The peer had ended its side; the slot's owner is not told again. */
  readonly isEof: boolean;
}

export class StreamSocket implements StreamSlot {
  readonly loop: IOLoop;
  slot = -1;
  generation = 0;
  /** The addon has the descriptor. */
  isLive = false;
  /** abort() was called: not all that was written has left. */
  isAborted = false;
  #isPaused = false;
  #drainDeadline = 0;

  constructor(loop: IOLoop) {
    this.loop = loop;
  }

  attach({ slot, generation }: StreamSlot): void {
    this.slot = slot;
    this.generation = generation;
    this.isLive = true;
  }

  /** The addon has closed the descriptor. */
  release(): void {
    this.isLive = false;
    this.loop.wheel.cancel(this.#drainDeadline);
  }

  /** Stops reading from the socket, or goes on. */
  pause(isWanted: boolean): void {
    if (isWanted === this.#isPaused || !this.isLive) return;
    this.#isPaused = isWanted;
    this.#command(isWanted ? OP_PAUSE : OP_RESUME);
  }

  /** Half-closes when all that was written has left. */
  endWriting(): void {
    this.#command(OP_SHUTDOWN);
  }

  /** Closes when all that was written has left, or nothing of it does any more. */
  close(): void {
    if (!this.isLive) return;
    const { loop } = this;
    this.#command(OP_CLOSE);
    const deadlineMs = loop.clock.now() + DRAIN_MS;
    this.#drainDeadline = loop.wheel.addCallback(deadlineMs, (nowMs) => {
      const leftMs = (loop.lastActive[this.slot] ?? 0) + DRAIN_MS - nowMs;
      if (leftMs > 0) loop.wheel.update(this.#drainDeadline, nowMs + leftMs);
      else this.abort();
    });
    loop.wheelChanged(deadlineMs);
  }

  /** Closes at once. */
  abort(): void {
    if (!this.isLive) return;
    this.isAborted = true;
    this.#command(OP_ABORT);
  }

  /** null if the connection is gone. */
  address(ofPeer: boolean): BoundAddress | null {
    if (!this.isLive) return null;
    return boundAddress(this.loop.poller.name(this.slot, this.generation, ofPeer));
  }

  setNoDelay(on: boolean): void {
    if (!this.isLive) return;
    const result = this.loop.poller.setNoDelay(this.slot, this.generation, on);
    if (result < 0) throw connectionError(-result, "setsockopt", "cannot set TCP_NODELAY");
  }

  #command(op: number): void {
    this.loop.outbox.command(op, this.slot, this.generation);
  }
}
