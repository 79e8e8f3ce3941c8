/** Requests as lines of the log name them: "GET /a, POST /b, …". For who tells what kept the thread busy. */
import {
  HEAD_END,
  HEAD_METHOD,
  HEAD_START,
  HEAD_TARGET_END,
  HEAD_TARGET_START,
  KIND_HEAD,
  METHOD_OTHER,
  methodNames,
  RECORD_KIND,
  RECORD_LENGTH,
} from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { HTTP1Connection } from "./http1connection.ts";

/** Requests that are named; a turn may have thousands. */
const MOST_NAMED = 8;

/** Longest target that is written out. */
const MOST_TARGET_CHARACTERS = 100;

/** Some requests, and the names of the first of them. */
export interface NamedRequests {
  readonly count: number;
  /** "GET /a, POST /b, …" */
  readonly names: string;
}

/** Those whose heads are in the first `words` of the inbox: read in this turn or, between turns, in the last one. */
export function requestsRead(loop: IOLoop, words: number): NamedRequests {
  const named: string[] = [];
  let count = 0;
  for (let at = 0; at < words; at += loop.ring[at + RECORD_LENGTH] ?? words) {
    if (loop.ring[at + RECORD_KIND] !== KIND_HEAD) continue;
    count++;
    if (named.length < MOST_NAMED) named.push(requestAt(loop, at));
  }
  return { count, names: joined(named, count) };
}

/** Those whose responses are not complete. Looks at every slot: for rare occasions. */
export function requestsInProgress(loop: IOLoop): NamedRequests {
  const named: string[] = [];
  let count = 0;
  for (let slot = 0; slot < loop.slotCount; slot++) {
    const owner = loop.ownerOf(slot);
    const exchange = owner instanceof HTTP1Connection ? owner.current : null;
    if (exchange === null) continue;
    count++;
    if (named.length < MOST_NAMED) named.push(`${exchange.method} ${cut(exchange.uri)}`);
  }
  return { count, names: joined(named, count) };
}

function joined(named: readonly string[], count: number): string {
  return `${named.join(", ")}${count > named.length ? ", …" : ""}`;
}

function cut(target: string): string {
  return target.length <= MOST_TARGET_CHARACTERS
    ? target
    : `${target.slice(0, MOST_TARGET_CHARACTERS)}…`;
}

function requestAt(loop: IOLoop, at: number): string {
  const { ring, arena } = loop;
  const start = ring[at + HEAD_START] ?? 0;
  const targetStart = start + (ring[at + HEAD_TARGET_START] ?? 0);
  const targetEnd = start + (ring[at + HEAD_TARGET_END] ?? 0);
  const index = ring[at + HEAD_METHOD] ?? METHOD_OTHER;
  const method =
    index === METHOD_OTHER
      ? arena.latin1Slice(start, Math.min(targetStart - 1, ring[at + HEAD_END] ?? start))
      : methodNames[index];
  const end = Math.min(targetEnd, targetStart + MOST_TARGET_CHARACTERS);
  return `${method} ${arena.latin1Slice(targetStart, end)}${end < targetEnd ? "…" : ""}`;
}
