/**
 * TurnMonitor: how long the turns of a loop take, and the figures of the loop as a whole.
 *
 * IOLoop has one and tells it the time of each turn: from when the addon woke up, reading the sockets included, to when the
 * last owner has returned. That is one reading of the clock and a few additions a turn, however many requests it had.
 * Whoever watches for turns that take too long is called at their end, while their records are still in the inbox.
 */
import { log } from "../base/log.ts";
import {
  type Poller,
  STAT_ACCEPT_ERRORS,
  STAT_ACCEPTED,
  STAT_CLOSED,
  STAT_CONNECTED,
  STAT_QUEUED_BYTES,
  STAT_RECEIVED_BYTES,
  STAT_RECORDS,
  STAT_RECV_CALLS,
  STAT_SEND_CALLS,
  STAT_SENT_BYTES,
  STAT_SHED,
  STAT_TURNS,
} from "../native/addon.ts";
import { MonotonicClock } from "./clock.ts";

/** Upper ends of the buckets of `turnCounts` in ms, each inclusive; the last bucket has no end. */
export const TURN_BUCKETS_MS: readonly number[] = Object.freeze([
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500,
]);

/** The figures of a loop since it was made: plain numbers. */
export type LoopStats = {
  /** Entries into JavaScript. */
  readonly turns: number;
  /** What they were told: heads, pieces of bodies, ends, … `records / turns` is how well a turn is used. */
  readonly records: number;
  /** Turns by how long they took: as many as TURN_BUCKETS_MS and one more. */
  readonly turnCounts: readonly number[];
  /** Time of all turns, in ms. */
  readonly turnsMs: number;
  readonly longestTurnMs: number;
  /** Turns longer than the least `blockedLoopMs` of the loop's servers. */
  readonly blockedTurns: number;
  readonly receivedBytes: number;
  /** Files that were sent are among them. */
  readonly sentBytes: number;
  readonly receiveCalls: number;
  readonly sendCalls: number;
  /** Connections that listeners have accepted. */
  readonly accepted: number;
  /** Connections that connect() has begun, or that were adopted. */
  readonly connected: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Bytes that wait for the kernel to take them. */
  readonly queuedBytes: number;
  /** Times that accepting failed for want of descriptors or memory. */
  readonly acceptErrors: number;
  /** Connections that were closed at once for want of descriptors, memory or slots. */
  readonly shed: number;
  /** Deadlines on the wheel. */
  readonly wheelEntries: number;
  /** What owners of sockets have thrown. */
  readonly exceptions: number;
};

/** Called at the end of a turn that took too long, while the first `words` of the ring are still what it was told. */
export type BlockedListener = (elapsedMs: number, words: number) => void;

interface Watch {
  readonly limitMs: number;
  readonly listener: BlockedListener;
}

export class TurnMonitor {
  readonly #counts = new Float64Array(TURN_BUCKETS_MS.length + 1);
  readonly #watches = new Set<Watch>();
  #limitMs = Number.POSITIVE_INFINITY;
  /** Not the loop's, which asks the addon and costs four times as much. */
  readonly #clock = new MonotonicClock();
  #totalMs = 0;
  #endMs = 0;
  #longestMs = 0;
  #blocked = 0;
  /** What owners have thrown; the loop adds to it. */
  exceptions = 0;

  /** Has a listener called for turns that took longer than this. One listener is called once a turn. @returns ends it */
  watch(limitMs: number, listener: BlockedListener): () => void {
    const watch: Watch = { limitMs, listener };
    this.#watches.add(watch);
    this.#setLimit();
    return () => {
      this.#watches.delete(watch);
      this.#setLimit();
    };
  }

  /**
   * A turn is over.
   *
   * @hot bench/run.mjs: once per turn
   * @param wokeMs when the addon woke up for it, by CLOCK_MONOTONIC
   */
  end(wokeMs: number, words: number): void {
    const nowMs = this.#clock.now();
    // A wake that had more to tell than fits has several turns.
    const elapsedMs = nowMs - Math.max(wokeMs, this.#endMs);
    this.#endMs = nowMs;
    this.note(elapsedMs, words);
  }

  /** @internal Counts a turn. */
  note(elapsedMs: number, words: number): void {
    let bucket = 0;
    while (bucket < TURN_BUCKETS_MS.length && elapsedMs > TURN_BUCKETS_MS[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#totalMs += elapsedMs;
    if (elapsedMs > this.#longestMs) this.#longestMs = elapsedMs;
    if (elapsedMs > this.#limitMs) this.#tell(elapsedMs, words);
  }

  read(poller: Poller, wheelEntries: number): LoopStats {
    const { stats } = poller;
    const at = (index: number): number => stats[index] ?? 0;
    return {
      turns: at(STAT_TURNS),
      records: at(STAT_RECORDS),
      turnCounts: [...this.#counts],
      turnsMs: this.#totalMs,
      longestTurnMs: this.#longestMs,
      blockedTurns: this.#blocked,
      receivedBytes: at(STAT_RECEIVED_BYTES),
      sentBytes: at(STAT_SENT_BYTES),
      receiveCalls: at(STAT_RECV_CALLS),
      sendCalls: at(STAT_SEND_CALLS),
      accepted: at(STAT_ACCEPTED),
      connected: at(STAT_CONNECTED),
      open: at(STAT_ACCEPTED) + at(STAT_CONNECTED) - at(STAT_CLOSED),
      queuedBytes: at(STAT_QUEUED_BYTES),
      acceptErrors: at(STAT_ACCEPT_ERRORS),
      shed: at(STAT_SHED),
      wheelEntries,
      exceptions: this.exceptions,
    };
  }

  #setLimit(): void {
    this.#limitMs = Number.POSITIVE_INFINITY;
    for (const { limitMs } of this.#watches) this.#limitMs = Math.min(this.#limitMs, limitMs);
  }

  #tell(elapsedMs: number, words: number): void {
    this.#blocked++;
    const listeners = new Set<BlockedListener>();
    for (const { limitMs, listener } of this.#watches) {
      if (elapsedMs > limitMs) listeners.add(listener);
    }
    for (const listener of listeners) {
      try {
        listener(elapsedMs, words);
      } catch (error) {
        log.error("what watches for long turns threw", error);
      }
    }
  }
}
