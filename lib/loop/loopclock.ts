/**
 * LoopClock: the time of one IOLoop, as the addon stamps it, plus a lead that tests may give it.
 *
 * `lastActive`, the wheel and every deadline are in its milliseconds.
 */
import { CodedError } from "../base/errors.ts";
import { CLOCK_NOW, CLOCK_SKEW, CONTROL_EPOCH, type Poller } from "../native/addon.ts";
import type { Clock } from "./clock.ts";

export class LoopClock implements Clock {
  readonly #poller: Poller;
  readonly #words: Float64Array;
  readonly #control: Int32Array;
  /** The loop's epoch in the turn that began last: the addon changes it when that turn and its promises are over. */
  #turnEpoch = -1;
  readonly #onAdvance: (nowMs: number) => void;

  constructor(poller: Poller, onAdvance: (nowMs: number) => void) {
    this.#poller = poller;
    this.#words = poller.clock;
    this.#control = poller.control;
    this.#onAdvance = onAdvance;
  }

  /** CLOCK_MONOTONIC plus the lead, read now. */
  now(): number {
    return this.#poller.now();
  }

  /** The same as of the start of this turn; costs nothing. Between turns: as of the last one, however long ago that was. */
  get turnMs(): number {
    return this.#words[CLOCK_NOW] ?? 0;
  }

  /**
   * What a time that begins now is counted from: turnMs in a turn and in the promises that it settles, now() in timers and
   * in other callbacks of Node's, where the last turn may be of any age.
   */
  get recentMs(): number {
    return this.#control[CONTROL_EPOCH] === this.#turnEpoch ? this.turnMs : this.now();
  }

  /** The lead that advance() has given, in ms. */
  get skewMs(): number {
    return this.#words[CLOCK_SKEW] ?? 0;
  }

  /** @internal A turn begins. @returns when the addon woke up for it, by CLOCK_MONOTONIC */
  startTurn(): number {
    this.#turnEpoch = this.#control[CONTROL_EPOCH] ?? 0;
    return this.turnMs - this.skewMs;
  }

  /**
   * Pushes the loop's time forward and runs every deadline that comes with it. For tests.
   *
   * @throws CodedError ERR_ARGUMENT_RANGE if `ms` is negative or not finite
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `cannot advance the clock by ${ms} ms; allowed is 0 or more`,
      );
    }
    this.#words[CLOCK_SKEW] = (this.#words[CLOCK_SKEW] ?? 0) + ms;
    this.#onAdvance(this.now());
  }
}
