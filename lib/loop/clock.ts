/**
 * Where time comes from, so that tests can push it.
 *
 * The loop asks its clock and nobody else: deadlines, `lastActive` and the ticks of the wheel are all in the
 * milliseconds of one Clock. It never runs backwards and its zero means nothing (at boot, on Linux); the time of
 * day is another matter and is `IOLoop.time()`.
 */

/** A monotonic clock. */
export interface Clock {
  /** Milliseconds, with a fraction, since a moment that stays the same for the life of the clock. */
  now(): number;
}

/** How often the two clocks are compared. */
const READINGS = 8;

/**
 * CLOCK_MONOTONIC, the clock that the addon stamps `lastActive` with. Never ahead of it: what is due by this clock
 * is due by the kernel's.
 */
export class MonotonicClock implements Clock {
  readonly #offsetMs: number;

  constructor() {
    // process.hrtime() is CLOCK_MONOTONIC, but allocates at each call. performance.now() does not, and counts the
    // same clock from another zero. Read second, so that the time in between makes us late and never early: by ms if
    // the process had to wait for a CPU just then, so the best of several readings counts.
    let offsetMs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < READINGS; i++) {
      const [seconds, nanoseconds] = process.hrtime();
      offsetMs = Math.max(offsetMs, seconds * 1e3 + nanoseconds / 1e6 - performance.now());
    }
    this.#offsetMs = offsetMs;
  }

  now(): number {
    return this.#offsetMs + performance.now();
  }
}

/**
 * A clock that tests push forward: the time of the clock below it plus `skewMs`.
 *
 *     const clock = new SkewedClock();                   // real time, pushed
 *     const still = new SkewedClock({ now: () => 0 });   // moves only when pushed
 */
export class SkewedClock implements Clock {
  readonly #base: Clock;
  #skewMs = 0;

  /** Called after each advance() with the new time; whom the clock drives (a loop) sets it. */
  onAdvance: ((nowMs: number) => void) | null = null;

  constructor(base: Clock = new MonotonicClock()) {
    this.#base = base;
  }

  /** How far ahead of the clock below this one is. */
  get skewMs(): number {
    return this.#skewMs;
  }

  now(): number {
    return this.#base.now() + this.#skewMs;
  }

  /**
   * Pushes the time forward and tells `onAdvance`.
   *
   * @throws RangeError if `ms` is negative or not finite: a monotonic clock has no way back
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new RangeError(`cannot advance a clock by ${ms} ms; allowed is 0 or more`);
    }
    this.#skewMs += ms;
    this.onAdvance?.(this.now());
  }
}
