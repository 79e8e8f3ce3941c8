/**
 * Turns that took too long, told with the requests that were dispatched in them.
 *
 * HTTPServer has this called by its loop (blockedLoopMs). Nothing is kept for it while requests run: the heads of a turn
 * are in the inbox until it is over, and are read there once it is known to have been too long.
 */
import { log } from "../base/log.ts";
import { Rarely } from "../base/rarely.ts";
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

/** Requests that are named; a turn may have thousands. */
const MOST_NAMED = 8;

/** Longest target that is written out. */
const MOST_TARGET_CHARACTERS = 100;

/** A loop that is overloaded is so at every turn: one line in a while is enough. */
const LOG_INTERVAL_MS = 5_000;

const watchers = new WeakMap<IOLoop, (elapsedMs: number, words: number) => void>();

/** Logs turns of a loop that took longer than this, each once however many servers wish it. @returns ends it */
export function watchBlockedTurns(loop: IOLoop, limitMs: number): () => void {
  if (limitMs === 0) return () => {};
  let watcher = watchers.get(loop);
  if (watcher === undefined) {
    const rarely = new Rarely(LOG_INTERVAL_MS);
    watcher = (elapsedMs, words) =>
      rarely.pass(loop.clock.turnMs, (keptBack) => tell(loop, elapsedMs, words, keptBack));
    watchers.set(loop, watcher);
  }
  return loop.watchTurns(limitMs, watcher);
}

function tell(loop: IOLoop, elapsedMs: number, words: number, keptBack: number): void {
  const named: string[] = [];
  let count = 0;
  for (let at = 0; at < words; at += loop.ring[at + RECORD_LENGTH] ?? words) {
    if (loop.ring[at + RECORD_KIND] !== KIND_HEAD) continue;
    count++;
    if (named.length < MOST_NAMED) named.push(requestAt(loop, at));
  }
  const more = count > named.length ? ", …" : "";
  const what =
    count === 0
      ? "without a new request"
      : `of ${count} ${count === 1 ? "request" : "requests"} (${named.join(", ")}${more})`;
  const before =
    keptBack === 0 ? "" : `; so did ${keptBack} turns before, of which nothing was logged`;
  log.warn(
    `a turn ${what} took ${Math.round(elapsedMs)} ms: nothing else was served meanwhile${before}`,
  );
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
