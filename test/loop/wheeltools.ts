/** What the tests of TimingWheel share. Time is a number there: nothing waits. */
import {
  TimingWheel,
  type TimingWheelOptions,
  type WheelOwner,
} from "../../lib/loop/timingwheel.ts";

export const TICK_MS = 1_000;
export const DAY_MS = 86_400_000;

/** A wheel at time 0 with a tick of 1 s, and an owner that notes each call and answers `waitMs`. */
export function startWheel(given: TimingWheelOptions & { nowMs?: number } = {}) {
  const { nowMs = 0, ...options } = given;
  const wheel = new TimingWheel(nowMs, { tickMs: TICK_MS, ...options });
  const calls: { key: number; nowMs: number }[] = [];
  const owner: WheelOwner & { waitMs: number } = {
    waitMs: 0,
    onDeadline(key, now) {
      calls.push({ key, nowMs: now });
      return owner.waitMs;
    },
  };
  return { wheel, owner, calls, keys: () => calls.map(({ key }) => key) };
}

/** Goes to `untilMs` as a loop would: waking at nextDeadlineMs() and at no other time. @returns how often it woke */
export function drive(wheel: TimingWheel, untilMs: number): number {
  let wakes = 0;
  for (; wheel.nextDeadlineMs() <= untilMs; wakes++) wheel.advance(wheel.nextDeadlineMs());
  wheel.advance(untilMs);
  return wakes;
}
