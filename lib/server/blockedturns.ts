/**
 * Turns that took too long, told with the requests that were dispatched in them.
 *
 * HTTPServer has this called by its loop (blockedLoopMs). Nothing is kept for it while requests run: the heads of a turn
 * are in the inbox until it is over, and are read there once it is known to have been too long. What keeps the thread busy
 * outside of turns is told by blockedthread.ts.
 */
import { log } from "../base/log.ts";
import { Rarely } from "../base/rarely.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { watchBlockedThread } from "./blockedthread.ts";
import { requestsRead } from "./requestnames.ts";

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
  const endTurns = loop.watchTurns(limitMs, watcher);
  const endThread = watchBlockedThread(loop, limitMs);
  return () => {
    endTurns();
    endThread();
  };
}

function tell(loop: IOLoop, elapsedMs: number, words: number, keptBack: number): void {
  const { count, names } = requestsRead(loop, words);
  const what =
    count === 0
      ? "without a new request"
      : `of ${count} ${count === 1 ? "request" : "requests"} (${names})`;
  const before =
    keptBack === 0 ? "" : `; so did ${keptBack} turns before, of which nothing was logged`;
  log.warn(
    `a turn ${what} took ${Math.round(elapsedMs)} ms: nothing else was served meanwhile${before}`,
  );
}
