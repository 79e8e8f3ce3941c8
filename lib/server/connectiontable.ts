/**
 * ConnectionTable: what a server knows of each of its connections that has no object of its own: a byte of state, and
 * its one entry on the loop's wheel. HTTPServer has one.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import { HTTP1Connection } from "./http1connection.ts";

// What a connection without an HTTP1Connection is doing.
export const IDLE = 0;
/** The first bytes of a head are here. */
export const HEAD = 1;
/** Its last response is sent: the client is to read it and close. */
export const LINGER = 2;

export class ConnectionTable {
  /** By slot: IDLE, HEAD or LINGER. */
  readonly states: Uint8Array;
  readonly #loop: IOLoop;
  readonly #server: SlotOwner & WheelOwner;
  /** Wheel entries by slot; 0 = the slot is none of ours. */
  readonly #deadlines: Float64Array;

  constructor(loop: IOLoop, server: SlotOwner & WheelOwner) {
    this.#loop = loop;
    this.#server = server;
    this.states = new Uint8Array(loop.generations.length);
    this.#deadlines = new Float64Array(loop.generations.length);
  }

  /** A connection begins; the server's onDeadline() is called for it in `inMs`. */
  open(slot: number, inMs: number): void {
    const { clock, wheel } = this.#loop;
    const deadlineMs = clock.recentMs + inMs;
    this.states[slot] = IDLE;
    this.#deadlines[slot] = wheel.add(deadlineMs, this.#server, slot);
    this.#loop.wheelChanged(deadlineMs);
  }

  /** Has onDeadline() called in `inMs`, and not when it would have been. */
  setDeadline(slot: number, inMs: number): void {
    const deadlineMs = this.#loop.clock.recentMs + inMs;
    this.#loop.wheel.update(this.#deadlines[slot]!, deadlineMs);
    this.#loop.wheelChanged(deadlineMs);
  }

  /** The connection is no longer ours. */
  drop(slot: number): void {
    this.#loop.wheel.cancel(this.#deadlines[slot]!);
    this.#deadlines[slot] = 0;
  }

  /** Visits every connection, with its HTTP1Connection if it has one. */
  each(visit: (slot: number, connection: HTTP1Connection | null) => void): void {
    const loop = this.#loop;
    for (let slot = 0; slot < loop.slotCount; slot++) {
      if (this.#deadlines[slot] === 0) continue;
      const owner = loop.ownerOf(slot);
      if (owner === this.#server) visit(slot, null);
      else if (owner instanceof HTTP1Connection && owner.isOf(this.#server)) visit(slot, owner);
    }
  }
}
