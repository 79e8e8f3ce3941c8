/**
 * SlotOwner: whom the loop tells what happens on a descriptor. Declared here, below its users, so that the loop calls
 * upward without importing: servers, streams and descriptor handlers implement it.
 */

/** Every method is called from inside a turn. Arena offsets are valid until it returns: copy what is to be kept. */
export interface SlotOwner {
  /** A connection was accepted by this listener. @returns its owner */
  onAccepted(slot: number, generation: number): SlotOwner;
  /** A request head has arrived whole; its record is at `at` in the inbox ring. */
  onHead(slot: number, at: number): void;
  /** A piece of the body: `arena[start, end)`. */
  onBody(slot: number, start: number, end: number): void;
  /** A chunk of the body has begun that is not all here: how long it says it is. */
  onChunk(slot: number, bytes: number): void;
  /** The body is complete. */
  onEnd(slot: number): void;
  /** Bytes of a connection that is not HTTP (any more): `arena[start, end)`. */
  onData(slot: number, start: number, end: number): void;
  /** A head has begun and is not complete; once per head. */
  onPartial(slot: number): void;
  /** What arrived is refused, a BAD_… reason; nothing more will be read. `isHead`: its method is HEAD. */
  onBad(slot: number, reason: number, isHead: boolean): void;
  /** The peer has half-closed. */
  onEof(slot: number): void;
  /** What was begun by connecting is open. A connection that fails has its errno in onClosed. */
  onConnected(slot: number): void;
  /** The kernel has taken all that was queued. */
  onDrained(slot: number): void;
  /** The descriptor is ready: epoll's event bits. */
  onReady(slot: number, events: number): void;
  /** Exactly once, and last. `errno` is 0 after an orderly close. */
  onClosed(slot: number, errno: number): void;
}

/** Ignores everything; for owners that care about a few of the events. */
export class QuietOwner implements SlotOwner {
  onAccepted(_slot: number, _generation: number): SlotOwner {
    return quietOwner;
  }
  onHead(_slot: number, _at: number): void {}
  onBody(_slot: number, _start: number, _end: number): void {}
  onChunk(_slot: number, _bytes: number): void {}
  onEnd(_slot: number): void {}
  onData(_slot: number, _start: number, _end: number): void {}
  onPartial(_slot: number): void {}
  onBad(_slot: number, _reason: number, _isHead: boolean): void {}
  onEof(_slot: number): void {}
  onConnected(_slot: number): void {}
  onDrained(_slot: number): void {}
  onReady(_slot: number, _events: number): void {}
  onClosed(_slot: number, _errno: number): void {}
}

/** The owner of sockets that nobody is interested in any more. */
export const quietOwner: SlotOwner = new QuietOwner();
