/**
 * PausableSlot: the owner of a connection that at times is not to be read from, for one reason or several.
 *
 * HTTP1Connection extends it. What is not read waits in the kernel, which pushes back.
 */
import { OP_PAUSE, OP_RESUME } from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner } from "../loop/slotowner.ts";

// Why the socket is not read from.
export const QUEUE_FULL = 1;
export const OUTPUT_FULL = 2;
/** Whoever takes the body is not done with what it was given. */
export const BODY_HELD = 4;

export abstract class PausableSlot extends QuietOwner {
  readonly slot: number;
  readonly generation: number;
  protected pauses = 0;

  constructor(slot: number, generation: number) {
    super();
    this.slot = slot;
    this.generation = generation;
  }

  protected abstract get loop(): IOLoop;

  protected pause(reason: number): void {
    if (this.pauses === 0) this.loop.outbox.command(OP_PAUSE, this.slot, this.generation);
    this.pauses |= reason;
  }

  /** @param reasons those that are no more */
  protected resume(reasons: number): void {
    if ((this.pauses & reasons) === 0) return;
    this.pauses &= ~reasons;
    if (this.pauses === 0) this.loop.outbox.command(OP_RESUME, this.slot, this.generation);
  }
}
