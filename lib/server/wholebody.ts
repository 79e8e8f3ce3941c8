/**
 * A body that has come with its head: in the same turn, whole, in the records right behind it.
 *
 * HTTPServer looks for one before it makes the objects that a body on its way needs; most small bodies need none of them.
 */
import {
  KIND_BODY,
  KIND_END,
  RECORD_END,
  RECORD_GENERATION,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_SLOT,
  RECORD_START,
} from "../native/addon.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Copies the body out of the inbox.
 *
 * @hot bench/run.mjs: once per request with a body; one Buffer
 * @param mostBytes a longer body is left to those who judge it
 * @returns null if it is chunked, too long or not all here
 */
export function wholeBodyBehind(exchange: Exchange, mostBytes: number): Buffer | null {
  const { loop, slot, generation, at } = exchange;
  const declared = exchange.declaredBodyBytes;
  if (declared === 0 || declared > mostBytes) return null;
  const { ring, turnWords } = loop;
  const body = at + ring[at + RECORD_LENGTH]!;
  if (body >= turnWords || !isRecord(ring, body, KIND_BODY, slot, generation)) return null;
  const start = ring[body + RECORD_START]!;
  const end = ring[body + RECORD_END]!;
  const last = body + ring[body + RECORD_LENGTH]!;
  if (end - start !== declared || last >= turnWords) return null;
  if (!isRecord(ring, last, KIND_END, slot, generation)) return null;
  // Memory of its own, not of Buffer's pool: whoever gets it may transfer it.
  const copy = Buffer.allocUnsafeSlow(declared);
  loop.arena.copy(copy, 0, start, end);
  return copy;
}

function isRecord(
  ring: Int32Array,
  at: number,
  kind: number,
  slot: number,
  generation: number,
): boolean {
  return (
    ring[at + RECORD_KIND] === kind &&
    ring[at + RECORD_SLOT] === slot &&
    ring[at + RECORD_GENERATION] === generation
  );
}
