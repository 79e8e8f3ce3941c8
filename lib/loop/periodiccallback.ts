/**
 * A function called over and over, after Tornado's PeriodicCallback.
 *
 *     const heartbeat = new PeriodicCallback(() => broadcast("ping"), 30_000);
 *     heartbeat.start();
 *
 * Promises
 * - Periods are measured from start to start, on the grid of the moment start() was called. The first call is one
 *   period after it.
 * - A call that takes longer than a period costs whole periods: the next call is at the next point of the grid.
 * - An async function is waited for, so calls never overlap; one that never settles is never called again.
 * - The time of day may be set back: the next call stays one period after the last planned one, instead of at once.
 * - What the function throws, or rejects with, is logged as an error and changes nothing.
 *
 * It uses a timer of the loop and not the wheel: it is exact to what the loop's timers are.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { type Option, options, resolve } from "../base/options.ts";
import { IOLoop } from "./ioloop.ts";

/** What a PeriodicCallback needs of a loop; IOLoop has it. */
export interface PeriodicLoop {
  /** The time of day in ms. */
  time(): number;
  /** Calls `callback` once, when time() has reached `whenMs`. @returns what removeTimeout() takes */
  callAt(whenMs: number, callback: () => void): unknown;
  removeTimeout(handle: unknown): void;
}

/** The options of a PeriodicCallback. */
export interface PeriodicCallbackOptions {
  /**
   * The part of a period, from 0 to 1, by which it may vary, half of it either way: with 0.1, a period of 10 s lasts
   * 9.5 s to 10.5 s. So that the workers of a server do not all do the same thing at the same moment. Default 0.
   */
  readonly jitter?: number | undefined;
  /** Whose timers are used. Default: IOLoop.current(). */
  readonly loop?: PeriodicLoop | undefined;
}

const jitterOption: Option<number> = {
  type: "number",
  default: 0,
  allowed: "a number from 0 to 1",
  fault(value) {
    if (typeof value !== "number") return "ERR_OPTION_TYPE";
    return value >= 0 && value <= 1 ? null : "ERR_OPTION_RANGE";
  },
};

const loopOption: Option<PeriodicLoop | null> = {
  type: "loop",
  default: null,
  allowed: "an IOLoop",
  fault: (value) => (isLoop(value) ? null : "ERR_OPTION_TYPE"),
};

/** The names, types and defaults of PeriodicCallbackOptions. */
export const periodicCallbackOptions = options({ jitter: jitterOption, loop: loopOption });

/** Calls a function every so many ms, from start() to stop(). */
export class PeriodicCallback {
  readonly #callback: () => unknown;
  readonly #intervalMs: number;
  readonly #jitter: number;
  readonly #loop: PeriodicLoop;

  #running = false;
  /** The function has been called and has not returned, or its promise has not settled. */
  #calling = false;
  /** When the next call is planned, by the time of day. */
  #nextMs = 0;
  #timeout: unknown = null;
  /** Counts plans, so that a timer of an earlier one is known if it fires after all. */
  #plan = 0;

  /**
   * @param callback   may be async; its result is not used
   * @param intervalMs length of a period, above 0; a fraction is allowed
   * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE; ERR_OPTION_TYPE, ERR_OPTION_RANGE, ERR_UNKNOWN_OPTION
   */
  constructor(callback: () => unknown, intervalMs: number, given: PeriodicCallbackOptions = {}) {
    const { jitter, loop } = resolve("PeriodicCallback", periodicCallbackOptions, given);
    if (typeof callback !== "function") {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `the callback is ${describe(callback)}; allowed is a function`,
      );
    }
    if (typeof intervalMs !== "number" || !(intervalMs > 0 && intervalMs < Infinity)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `intervalMs is ${describe(intervalMs)}; allowed is a finite number above 0`,
      );
    }
    this.#callback = callback;
    this.#intervalMs = intervalMs;
    this.#jitter = jitter;
    this.#loop = loop ?? IOLoop.current();
  }

  /** Whether calls are planned: from start() to stop(), during a call as well. */
  get isRunning(): boolean {
    return this.#running;
  }

  /** Starts, on a new grid: the first call is one period from now. Does nothing if it is running. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#nextMs = this.#loop.time();
    // Stopped and started again during a call: that call plans the next one when it ends.
    if (!this.#calling) this.#planOrStop();
  }

  /** Stops. A call in progress runs to its end, and no other follows. May be called at any time. */
  stop(): void {
    this.#running = false;
    this.#plan++;
    if (this.#timeout === null) return;
    this.#loop.removeTimeout(this.#timeout);
    this.#timeout = null;
  }

  /** Plans the next call; a loop that refuses it (it was closed) is heard by whoever called. */
  #planOrStop(): void {
    try {
      this.#nextMs = this.#following(this.#loop.time());
      const plan = ++this.#plan;
      this.#timeout = this.#loop.callAt(this.#nextMs, () => this.#handleTimeout(plan));
    } catch (error) {
      this.#running = false;
      throw error;
    }
  }

  /** The point of the grid after the one planned last. */
  #following(nowMs: number): number {
    const periodMs = this.#intervalMs * (1 + this.#jitter * (Math.random() - 0.5));
    // Ahead of now: the timer was early by a hair, or the clock was set back. To find the point after `nowMs` would
    // give the same point again, and a second call for it.
    if (this.#nextMs > nowMs) return this.#nextMs + periodMs;
    return this.#nextMs + (Math.floor((nowMs - this.#nextMs) / periodMs) + 1) * periodMs;
  }

  #handleTimeout(plan: number): void {
    // Not the last plan: a loop that had taken the timer off its list by the time stop() came.
    if (plan !== this.#plan) return;
    this.#timeout = null;
    this.#calling = true;
    try {
      const result = this.#callback();
      if (isThenable(result)) {
        Promise.resolve(result).then(
          () => this.#handleEnd(),
          (error: unknown) => this.#handleError(error),
        );
        return;
      }
    } catch (error) {
      this.#handleError(error);
      return;
    }
    this.#handleEnd();
  }

  #handleError(error: unknown): void {
    try {
      log.error("Exception in a PeriodicCallback", error);
    } finally {
      this.#handleEnd();
    }
  }

  #handleEnd(): void {
    this.#calling = false;
    if (!this.#running) return;
    try {
      this.#planOrStop();
    } catch (error) {
      // Nobody is above us here but the loop itself, or a promise of ours.
      log.error("PeriodicCallback stopped: its loop takes no more timers", error);
    }
  }
}

function isLoop(value: unknown): value is PeriodicLoop {
  if (typeof value !== "object" || value === null) return false;
  const { time, callAt, removeTimeout } = value as Partial<Record<keyof PeriodicLoop, unknown>>;
  return [time, callAt, removeTimeout].every((method) => typeof method === "function");
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
