/**
 * Time in which the thread was kept busy outside of the loop's turns: by what a handler does behind an `await`, a timer, or
 * another library. blockedturns.ts tells of turns, and has this tell of the rest.
 *
 * A timer that should fire every so often looks at how late it is. It costs nothing while requests run, and does not see
 * who it was: the requests that are in progress then, and those that were read last, are named. A stay that is not much
 * longer than the limit may be missed, for it may begin between two looks: one and a half times the limit is always seen.
 */
import { log } from "../base/log.ts";
import { Rarely } from "../base/rarely.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { requestsInProgress, requestsRead } from "./requestnames.ts";

/** Looks are not more frequent, so that a small limit does not keep the process awake. */
const SHORTEST_STEP_MS = 50;

const LOG_INTERVAL_MS = 5_000;

const watches = new WeakMap<IOLoop, BlockedThread>();

/** Logs it, once however many servers of the loop wish it: the least limit counts. @returns ends the wish */
export function watchBlockedThread(loop: IOLoop, limitMs: number): () => void {
  let watch = watches.get(loop);
  if (watch === undefined) {
    watch = new BlockedThread(loop);
    watches.set(loop, watch);
  }
  return watch.add(limitMs);
}

class BlockedThread {
  readonly #loop: IOLoop;
  readonly #rarely = new Rarely(LOG_INTERVAL_MS);
  readonly #wishes = new Set<{ readonly limitMs: number }>();
  #limitMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #lookedAtMs = 0;
  #cpu = process.cpuUsage();
  #endTurns: (() => void) | null = null;
  /** A turn took too long since the last look, which was told. */
  #wasTurn = false;

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  add(limitMs: number): () => void {
    const wish = { limitMs };
    this.#wishes.add(wish);
    this.#arm();
    return () => {
      this.#wishes.delete(wish);
      this.#arm();
    };
  }

  #arm(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#endTurns?.();
    this.#endTurns = null;
    if (this.#wishes.size === 0) return;
    this.#limitMs = Math.min(...[...this.#wishes].map(({ limitMs }) => limitMs));
    const stepMs = Math.max(SHORTEST_STEP_MS, this.#limitMs / 2);
    this.#begin(performance.now());
    // It must not hold the process.
    this.#timer = setInterval(() => this.#look(stepMs), stepMs).unref();
    this.#endTurns = this.#loop.watchTurns(this.#limitMs, () => {
      this.#wasTurn = true;
    });
  }

  #begin(nowMs: number): void {
    this.#lookedAtMs = nowMs;
    this.#cpu = process.cpuUsage();
    this.#wasTurn = false;
  }

  #look(stepMs: number): void {
    const nowMs = performance.now();
    const sinceMs = nowMs - this.#lookedAtMs;
    // It began at the last look at the earliest, and was due for this one.
    const lateMs = sinceMs - stepMs;
    if (lateMs > this.#limitMs && !this.#wasTurn) this.#tell(lateMs, sinceMs);
    this.#begin(nowMs);
  }

  #tell(lateMs: number, sinceMs: number): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuMs = Math.round((user + system) / 1_000);
    this.#rarely.pass(this.#loop.clock.now(), (keptBack) => {
      const more = keptBack === 0 ? "" : `; ${keptBack} times before, of which nothing was logged`;
      const what = `nothing was served for ${Math.round(lateMs)} ms or more (${cpuMs} ms on the CPU)`;
      const suspects = `${this.#suspects(sinceMs)}${more}`;
      if (cpuMs < lateMs / 2) {
        // The machine's fault, most often.
        log.info(`${what}: the process did not get the CPU, or waited synchronously; ${suspects}`);
        return;
      }
      log.warn(
        `${what}: the thread was kept busy behind an await of a handler, by a timer or by another library; ${suspects}`,
      );
    });
  }

  #suspects(sinceMs: number): string {
    const loop = this.#loop;
    const inProgress = requestsInProgress(loop);
    const isRecent = loop.clock.now() - loop.clock.turnMs <= sinceMs;
    const read = isRecent ? requestsRead(loop, loop.turnWords) : null;
    const parts: string[] = [];
    if (inProgress.count > 0) parts.push(`in progress: ${inProgress.names}`);
    if (read !== null && read.count > 0) parts.push(`read last: ${read.names}`);
    return parts.join("; ") || "no request was read meanwhile, and none is in progress";
  }
}
