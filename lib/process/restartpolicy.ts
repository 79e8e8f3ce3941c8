/**
 * When a worker that has ended is started again. The supervisor asks it; pure but for the time that it is told.
 *
 *     lived a while after it was ready ─▶ at once
 *     was hardly ready                 ─▶ at once, then 100 ms, 200 ms, 400 ms, … at most 10 s later
 *     was not ready                    ─▶ likewise; the fifth time in a row: give up
 *     more than maxRestarts            ─▶ give up
 */

/** How a worker ended. */
export interface WorkerEnd {
  readonly task: number;
  /** How long it had been ready, in ms; null = it never was. */
  readonly readyForMs: number | null;
}

/** What to do. */
export type RestartDecision =
  | { readonly kind: "restart"; readonly delayMs: number }
  | { readonly kind: "give up"; readonly why: string };

/** A worker that was ready for less did not fare well. */
export const YOUNG_MS = 250;
export const FIRST_DELAY_MS = 100;
export const LONGEST_DELAY_MS = 10_000;
/** So often in a row may a worker of one task end before it is ready. */
export const START_ATTEMPTS = 5;

export class RestartPolicy {
  readonly #maxRestarts: number;
  readonly #windowMs: number;
  /** When the restarts of the window were. */
  #restartsAtMs: number[] = [];
  /** By task: how often in a row its worker ended young. */
  readonly #young = new Map<number, number>();
  /** By task: how often in a row its worker ended before it was ready. */
  readonly #unready = new Map<number, number>();

  /** @param windowMs how long a restart counts; 0 = for ever */
  constructor(limits: { readonly maxRestarts: number; readonly windowMs: number }) {
    this.#maxRestarts = limits.maxRestarts;
    this.#windowMs = limits.windowMs;
  }

  /** Restarts that count now. */
  get restartCount(): number {
    return this.#restartsAtMs.length;
  }

  /** A worker has ended, and not of its own will; a restart is counted if that is the decision. */
  onEnd({ task, readyForMs }: WorkerEnd, nowMs: number): RestartDecision {
    const isYoung = readyForMs === null || readyForMs < YOUNG_MS;
    const unreadyCount = readyForMs === null ? (this.#unready.get(task) ?? 0) + 1 : 0;
    this.#unready.set(task, unreadyCount);
    if (unreadyCount >= START_ATTEMPTS) {
      return {
        kind: "give up",
        why: `worker ${task} has ended ${unreadyCount} times in a row before it was ready`,
      };
    }
    if (this.#windowMs > 0) {
      this.#restartsAtMs = this.#restartsAtMs.filter((atMs) => nowMs - atMs < this.#windowMs);
    }
    if (this.#restartsAtMs.length >= this.#maxRestarts) {
      return { kind: "give up", why: `more than ${this.#maxRestarts} restarts (maxRestarts)` };
    }
    this.#restartsAtMs.push(nowMs);
    const youngCount = isYoung ? (this.#young.get(task) ?? 0) : 0;
    this.#young.set(task, isYoung ? youngCount + 1 : 0);
    if (youngCount === 0) return { kind: "restart", delayMs: 0 };
    const delayMs = FIRST_DELAY_MS * 2 ** (youngCount - 1);
    return { kind: "restart", delayMs: Math.min(LONGEST_DELAY_MS, delayMs) };
  }
}
