/**
 * Timeouts: IOLoop.callLater and callAt on Node's timers.
 *
 * Node's list of timers is exact to the ms and well kept; the wheel beside it is for what is many and approximate.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { runLogged } from "./runlogged.ts";

/** Node cuts longer delays to 1 ms. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** What callLater and callAt return; opaque. */
export class TimeoutHandle {
  /** @internal */
  timer: NodeJS.Timeout | null = null;
}

export class Timeouts {
  readonly #handles = new Set<TimeoutHandle>();

  /** @throws CodedError ERR_ARGUMENT_RANGE if the delay is not a number. A delay below 0 is 0. */
  add(delayMs: number, callback: () => unknown): TimeoutHandle {
    if (typeof delayMs !== "number" || Number.isNaN(delayMs)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `the delay is ${describe(delayMs)}; allowed is a number of ms`,
      );
    }
    const handle = new TimeoutHandle();
    this.#handles.add(handle);
    this.#arm(handle, Math.max(0, delayMs), callback);
    return handle;
  }

  remove(handle: unknown): void {
    if (!(handle instanceof TimeoutHandle) || !this.#handles.delete(handle)) return;
    if (handle.timer !== null) clearTimeout(handle.timer);
    handle.timer = null;
  }

  clear(): void {
    for (const handle of [...this.#handles]) this.remove(handle);
  }

  #arm(handle: TimeoutHandle, delayMs: number, callback: () => unknown): void {
    const stepMs = Math.min(delayMs, LONGEST_DELAY_MS);
    handle.timer = setTimeout(() => {
      if (delayMs > stepMs) {
        this.#arm(handle, delayMs - stepMs, callback);
        return;
      }
      if (!this.#handles.delete(handle)) return;
      handle.timer = null;
      runLogged(callback);
    }, stepMs);
  }
}
