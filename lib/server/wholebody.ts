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
 * Gives an exchange the body that is behind its head in the inbox; nothing is copied before somebody asks for it.
 *
 * @hot bench/run.mjs: once per request with a body
 * @param mostBytes a longer body is left to those who judge it
 * @returns false if it is chunked, too long or not all here
 */
export function findWholeBody(exchange: Exchange, mostBytes: number): boolean {
  const { loop, slot, generation, at } = exchange;
  const declared = exchange.declaredBodyBytes;
  if (declared === 0 || declared > mostBytes) return false;
  const { ring, turnWords } = loop;
  const body = at + ring[at + RECORD_LENGTH]!;
  if (body >= turnWords || !isRecord(ring, body, KIND_BODY, slot, generation)) return false;
  const start = ring[body + RECORD_START]!;
  const end = ring[body + RECORD_END]!;
  const last = body + ring[body + RECORD_LENGTH]!;
  if (end - start !== declared || last >= turnWords) return false;
  if (!isRecord(ring, last, KIND_END, slot, generation)) return false;
  exchange.setBodySpan(start, end);
  return true;
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
