/** The clocks of the loop, with a base that only the tests move. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MonotonicClock, SkewedClock } from "../../lib/loop/clock.ts";
import { startWheel } from "./wheeltools.ts";

const clocks = suite("a clock");

clocks("that is monotonic has the time of CLOCK_MONOTONIC and is never ahead of it", () => {
  const clock = new MonotonicClock();
  const first = clock.now();
  const [seconds, nanoseconds] = process.hrtime();
  assert.ok(first <= seconds * 1e3 + nanoseconds / 1e6);
  assert.ok(clock.now() >= first);
});

clocks("that is monotonic is not late for ever because it was made at a busy moment", () => {
  const { hrtime } = process;
  const real = hrtime.bind(process);
  const nowMs = () => {
    const [seconds, nanoseconds] = real();
    return seconds * 1e3 + nanoseconds / 1e6;
  };
  let isFirst = true;
  // Somebody else has the CPU for 50 ms, between the first two readings.
  const interrupted = () => {
    const time = real();
    const endMs = nowMs() + (isFirst ? 50 : 0);
    isFirst = false;
    while (nowMs() < endMs);
    return time;
  };
  let clock: MonotonicClock;
  try {
    process.hrtime = Object.assign(interrupted, { bigint: hrtime.bigint });
    clock = new MonotonicClock();
  } finally {
    process.hrtime = hrtime;
  }
  const beforeMs = nowMs();
  assert.ok(clock.now() > beforeMs - 25);
});

clocks("that is skewed goes with the one below and is pushed by tests", () => {
  let base = 100;
  const clock = new SkewedClock({ now: () => base });
  const told: number[] = [];
  clock.advance(1);
  clock.onAdvance = (nowMs) => told.push(nowMs);
  clock.advance(50);
  base = 200;
  assert.is(clock.now(), 251);
  assert.is(clock.skewMs, 51);
  clock.advance(0);
  assert.equal(told, [151, 251]);
  for (const ms of [-1, Number.NaN, Infinity]) assert.throws(() => clock.advance(ms), /cannot/);
  assert.is(clock.skewMs, 51);
  assert.ok(new SkewedClock().now() > 0);
});

clocks("drives a wheel", () => {
  const clock = new SkewedClock({ now: () => 1_234.5 });
  const { wheel, owner, keys } = startWheel({ nowMs: clock.now() });
  clock.onAdvance = (nowMs) => wheel.advance(nowMs);
  wheel.add(clock.now() + 5_000, owner, 1);
  clock.advance(4_999);
  assert.equal(keys(), []);
  clock.advance(1_001);
  assert.equal(keys(), [1]);
});

clocks.run();
