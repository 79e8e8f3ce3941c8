/**
 * Lent memory: what is given to a callback for the time of its call, and taken back when it returns.
 *
 *     lend(bytes) ──▶ callback(bytes) ──▶ takeBack(bytes): freed now, every view of it is empty
 *                          └ keepLent(bytes): somebody sends from there ──▶ left to the garbage collector
 *
 * A Buffer that nobody wants any more keeps its memory until V8 collects it, which is after 32 MiB of them: large messages
 * come to lie in memory that no cache holds. What is taken back is what the next message gets. WebSocketConnection lends;
 * Outbox keeps, because what it is given large is sent from where it lies.
 */
import { detach } from "./addon.ts";

// Memory, not views of it: who is given a part of a message has all of it. One loan at a time is the rule: a Set costs a
// microsecond more.
let lent: ArrayBufferLike | null = null;
/** A message that came in pieces may have up to a fourth of its length to spare behind it. */
const MOST_SPARE = 4;
/** Loans that were begun while another was open: of callbacks that returned a promise. */
const others = new Set<ArrayBufferLike>();

/**
 * Lends bytes, if they have an ArrayBuffer of their own; of what is a part of a larger one, such as Buffer's pool, nothing is
 * taken back: others have the rest.
 *
 * @hot bench/websocket.mjs lent-64k: once or twice per large message
 */
export function lend(bytes: Uint8Array): void {
  const { length, byteOffset, buffer } = bytes;
  if (byteOffset !== 0 || buffer.byteLength - length > length / MOST_SPARE) return;
  if (lent === null) lent = buffer;
  else if (lent !== buffer) others.add(buffer);
}

/** Tells whether bytes are lent, and nobody has kept them. */
export function isLent(bytes: Uint8Array): boolean {
  if (lent === null && others.size === 0) return false;
  const { buffer } = bytes;
  return lent === buffer || (others.size > 0 && others.has(buffer));
}

/** Bytes that may be lent are needed longer. */
export function keepLent(bytes: Uint8Array): void {
  if (lent !== null || others.size > 0) end(bytes.buffer);
}

/** Ends a loan: frees the bytes, unless somebody keeps them. */
export function takeBack(bytes: Uint8Array): void {
  if (end(bytes.buffer)) detach(bytes);
}

/** @returns whether they were lent */
function end(buffer: ArrayBufferLike): boolean {
  if (lent === buffer) {
    lent = null;
    return true;
  }
  return others.size > 0 && others.delete(buffer);
}
