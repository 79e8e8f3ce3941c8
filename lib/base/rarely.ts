/**
 * Rarely: lets a message through once in a while, and counts those it has kept back.
 *
 * For what may happen a thousand times a second and is worth a line of the log all the same.
 */

export class Rarely {
  readonly #intervalMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #keptBack = 0;

  /** @param intervalMs least time between two messages */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Calls `tell` if it is time, with how many were kept back since the last. */
  pass(nowMs: number, tell: (keptBack: number) => void): void {
    if (nowMs < this.#nextMs) {
      this.#keptBack++;
      return;
    }
    const keptBack = this.#keptBack;
    this.#keptBack = 0;
    this.#nextMs = nowMs + this.#intervalMs;
    tell(keptBack);
  }
}
