/**
 * FakeClock: the time of a loop as a test moves it.
 *
 *     const clock = fakeClock();
 *     const heartbeat = new PeriodicCallback(beat, 30_000);
 *     heartbeat.start();
 *     await clock.advance(60_000); // beat has been called twice
 *     clock.restore();
 *
 *     advance(ms):  the next of  callLater, callAt, PeriodicCallback   these stand still until advance()
 *                                the wheel: deadlines of servers, pings   these go on with real time, and by advance()
 *                   is run at its time; what it sets off is let happen; then the next one, up to `ms`
 *
 * The wheel's clock is monotonic: what a test has moved it stays moved after restore(), which changes no length of time.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { type Delay, IOLoop } from "../loop/ioloop.ts";
import { runLogged } from "../loop/runlogged.ts";
import { TimeoutHandle } from "../loop/timeouts.ts";
import { setImmediate } from "./realtime.ts";

/** Iterations of the event loop without a turn of ours after which nothing is thought to be under way. */
const QUIET_COUNT = 3;

/** Most iterations that are waited for it: traffic that never ends must not stop a test. */
const MOST_COUNT = 200;

/** As Node's timers have it; a call that plans itself anew for now does not stop the time. */
const LEAST_DELAY_MS = 1;

interface Timeout {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => unknown;
}

/** What of a loop is replaced. */
type TimeMethods = Pick<IOLoop, "callLater" | "callAt" | "removeTimeout" | "time">;

const faked = new WeakSet<IOLoop>();

export class FakeClock {
  readonly #loop: IOLoop;
  readonly #startMs = Date.now();
  readonly #timeouts = new Map<unknown, Timeout>();
  #elapsedMs = 0;
  #order = 0;
  #isRestored = false;
  #isAdvancing = false;

  /** @internal fakeClock() makes them. */
  constructor(loop: IOLoop) {
    if (faked.has(loop)) {
      throw new CodedError("ERR_STATE", "the loop has a fake clock; restore() that one first");
    }
    faked.add(loop);
    this.#loop = loop;
    const methods: TimeMethods = {
      callLater: (delay, callback, ...args) => this.#add(msOf(delay), () => callback(...args)),
      callAt: (whenMs, callback, ...args) =>
        this.#add(whenMs - this.nowMs, () => callback(...args)),
      removeTimeout: (handle) => {
        if (!this.#timeouts.delete(handle)) IOLoop.prototype.removeTimeout.call(loop, handle);
      },
      time: () => this.nowMs,
    };
    Object.assign(loop, methods);
  }

  /** The time of day as the loop tells it, in ms since 1970: when the clock was made, and what it was advanced by. */
  get nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** By how much it was advanced. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Calls that callLater() and callAt() have planned and that have not run. */
  get pendingCount(): number {
    return this.#timeouts.size;
  }

  /**
   * Moves the time forward, from one thing that is due to the next. After each, promises, callbacks and what is under way on
   * connections of this process come first.
   *
   * @param ms 0 or more; 0 lets happen what is under way
   * @throws CodedError ERR_ARGUMENT_RANGE; ERR_STATE after restore(), or if another advance() has not settled
   */
  async advance(ms: number): Promise<void> {
    if (!(typeof ms === "number" && ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `cannot advance the clock by ${describe(ms)} ms; allowed is 0 or more`,
      );
    }
    if (this.#isRestored) throw new CodedError("ERR_STATE", "advance() after restore()");
    if (this.#isAdvancing) {
      throw new CodedError("ERR_STATE", "advance() while another one runs; await that one");
    }
    this.#isAdvancing = true;
    try {
      const endMs = this.#elapsedMs + ms;
      // What was begun just before is to be heard of with the time that it had.
      await this.#settle();
      for (;;) {
        const nextMs = Math.min(this.#nextTimeoutMs(), this.#nextDeadlineMs());
        if (nextMs > endMs) break;
        this.#moveTo(nextMs);
        this.#runDue();
        await this.#settle();
      }
      this.#moveTo(endMs);
      await this.#settle();
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Gives the loop its timers back; calls that were planned meanwhile are dropped. Again: nothing happens. */
  restore(): void {
    if (this.#isRestored) return;
    this.#isRestored = true;
    faked.delete(this.#loop);
    this.#timeouts.clear();
    const own = this.#loop as Partial<TimeMethods>;
    delete own.callLater;
    delete own.callAt;
    delete own.removeTimeout;
    delete own.time;
  }

  /** restore(): at the end of the block that has it as `using`. */
  [Symbol.dispose](): void {
    this.restore();
  }

  #add(delayMs: number, run: () => unknown): TimeoutHandle {
    if (typeof delayMs !== "number" || Number.isNaN(delayMs)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `the delay is ${describe(delayMs)}; allowed is a number of ms`,
      );
    }
    const handle = new TimeoutHandle();
    const dueMs = this.#elapsedMs + Math.max(LEAST_DELAY_MS, delayMs);
    this.#timeouts.set(handle, { dueMs, order: this.#order++, run });
    return handle;
  }

  #nextTimeoutMs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#timeouts.values()) least = Math.min(least, dueMs);
    return least;
  }

  /** When the wheel is to turn next. At least a ms from now: it has been turned as far as now. */
  #nextDeadlineMs(): number {
    const { wheel, clock } = this.#loop;
    if (wheel.size === 0) return Number.POSITIVE_INFINITY;
    return this.#elapsedMs + Math.max(1, Math.ceil(wheel.nextDeadlineMs() - clock.now()));
  }

  #moveTo(ms: number): void {
    const stepMs = ms - this.#elapsedMs;
    this.#elapsedMs = ms;
    this.#loop.clock.advance(Math.max(0, stepMs));
  }

  /** Runs what is due, in its order; what these plan for now is for the next step. */
  #runDue(): void {
    const due = [...this.#timeouts]
      .filter(([, { dueMs }]) => dueMs <= this.#elapsedMs)
      .sort(([, a], [, b]) => a.dueMs - b.dueMs || a.order - b.order);
    for (const [handle, { run }] of due) {
      if (this.#timeouts.delete(handle)) runLogged(run);
    }
  }

  async #settle(): Promise<void> {
    let turns = this.#loop.stats().turns;
    for (let quiet = 0, count = 0; quiet < QUIET_COUNT && count < MOST_COUNT; count++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const { turns: now } = this.#loop.stats();
      quiet = now === turns ? quiet + 1 : 0;
      turns = now;
    }
  }
}

/**
 * Takes over the time of a loop, until restore().
 *
 * @param loop default: IOLoop.current()
 * @throws CodedError ERR_STATE if it has a fake clock
 */
export function fakeClock(loop: IOLoop = IOLoop.current()): FakeClock {
  return new FakeClock(loop);
}

function msOf(delay: Delay): number {
  return typeof delay === "number" ? delay : delay.delayMs;
}
