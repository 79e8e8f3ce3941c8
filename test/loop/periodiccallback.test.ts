/** PeriodicCallback: Tornado's schedule, on a loop whose time only the tests move. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Logger, setLogger } from "../../lib/base/log.ts";
import {
  PeriodicCallback,
  type PeriodicCallbackOptions,
  type PeriodicLoop,
} from "../../lib/loop/periodiccallback.ts";

const START_MS = 1_000_000;
const PERIOD_MS = 10_000;

interface Timer {
  readonly whenMs: number;
  readonly callback: () => void;
}

/** A loop that keeps its timers in a list; `goTo` moves the time of day from timer to timer. */
class FakeLoop implements PeriodicLoop {
  nowMs = START_MS;
  timers: Timer[] = [];
  isClosed = false;

  time(): number {
    return this.nowMs;
  }

  callAt(whenMs: number, callback: () => void): Timer {
    if (this.isClosed) throw new Error("the loop is closed");
    const timer = { whenMs, callback };
    this.timers.push(timer);
    return timer;
  }

  removeTimeout(handle: unknown): void {
    this.timers = this.timers.filter((timer) => timer !== handle);
  }

  /** Fires the next timer at its time, or now if that is past. @returns its time */
  fire(): number {
    const timer = this.timers.sort((a, b) => a.whenMs - b.whenMs).shift();
    if (timer === undefined) return assert.unreachable("no timer") as never;
    this.nowMs = Math.max(this.nowMs, timer.whenMs);
    timer.callback();
    return timer.whenMs;
  }

  goTo(untilMs: number): void {
    while (this.timers.some(({ whenMs }) => whenMs <= untilMs)) this.fire();
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}

/** What the function did at each call, in ms; negative = the clock was set back meanwhile. @returns when it was called */
function simulate(durations: readonly number[], options: { jitter?: number } = {}): number[] {
  const loop = new FakeLoop();
  const starts: number[] = [];
  const left = [...durations];
  const periodic = new PeriodicCallback(
    () => {
      starts.push(loop.nowMs);
      loop.nowMs += left.shift() ?? 0;
    },
    PERIOD_MS,
    { loop, ...options },
  );
  periodic.start();
  while (left.length > 0) loop.fire();
  return starts;
}

/** Runs `body` with a logger that collects errors. */
async function logged(body: () => void | Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const ignore = (): void => {};
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (_message, error) => errors.push(error),
  };
  const before = setLogger(logger);
  try {
    await body();
  } finally {
    setLogger(before);
  }
  return errors;
}

/** Lets all promises that are settled be heard. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const seconds = (...times: number[]): number[] => times.map((time) => time * 1_000);

const schedule = suite("the schedule of a PeriodicCallback");

schedule("is measured from start to start", () => {
  assert.equal(simulate(seconds(0, 0, 0, 0, 0)), seconds(1010, 1020, 1030, 1040, 1050));
});

schedule("skips the whole periods that a call overran", () => {
  assert.equal(
    simulate(seconds(9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0)),
    seconds(1010, 1020, 1030, 1050, 1070, 1100, 1130, 1170, 1210, 1220, 1230),
  );
});

schedule("goes on when the clock is set back, by little and by much", () => {
  assert.equal(simulate(seconds(-2, -1, -3, -2, 0)), seconds(1010, 1020, 1030, 1040, 1050));
  assert.equal(simulate(seconds(-100, 0, 0)), seconds(1010, 1020, 1030));
});

schedule("does not repeat a point when a timer is early by a hair", () => {
  const loop = new FakeLoop();
  const periodic = new PeriodicCallback(() => {}, PERIOD_MS, { loop });
  periodic.start();
  const [timer] = loop.timers.splice(0);
  loop.nowMs = START_MS + PERIOD_MS - 0.4;
  timer?.callback();
  assert.equal(
    loop.timers.map(({ whenMs }) => whenMs),
    [START_MS + 2 * PERIOD_MS],
  );
});

schedule("varies by jitter, as much to either side", () => {
  const random = Math.random;
  const numbers = [0.5, 1, 0, 0.75, 0.5];
  Math.random = () => numbers.shift() ?? assert.unreachable("too many random numbers") ?? 0;
  try {
    assert.equal(simulate([0, 0, 0, 0], { jitter: 0.5 }), seconds(1010, 1022.5, 1030, 1041.25));
  } finally {
    Math.random = random;
  }
});

schedule.run();

const life = suite("a PeriodicCallback");

function startCounter(given: Partial<PeriodicCallbackOptions> = {}) {
  const loop = new FakeLoop();
  const counter = { calls: 0 };
  const periodic = new PeriodicCallback(() => counter.calls++, PERIOD_MS, { loop, ...given });
  return { loop, counter, periodic };
}

life("is called from start() to stop() and not at once", () => {
  const { loop, counter, periodic } = startCounter();
  assert.is(periodic.isRunning, false);
  periodic.start();
  assert.ok(periodic.isRunning);
  assert.is(counter.calls, 0);
  loop.goTo(START_MS + 3 * PERIOD_MS);
  assert.is(counter.calls, 3);
  periodic.stop();
  periodic.stop();
  assert.is(periodic.isRunning, false);
  assert.is(loop.timers.length, 0);
});

life("started twice has one schedule", () => {
  const { loop, counter, periodic } = startCounter();
  periodic.start();
  periodic.start();
  assert.is(loop.timers.length, 1);
  loop.goTo(START_MS + PERIOD_MS);
  assert.is(counter.calls, 1);
});

life("started again has a new grid", () => {
  const { loop, counter, periodic } = startCounter();
  periodic.start();
  loop.goTo(START_MS + 4_000);
  periodic.stop();
  periodic.start();
  loop.goTo(START_MS + 13_999);
  assert.is(counter.calls, 0);
  loop.goTo(START_MS + 14_000);
  assert.is(counter.calls, 1);
});

life("may be stopped by its own function", () => {
  const loop = new FakeLoop();
  const periodic: PeriodicCallback = new PeriodicCallback(() => periodic.stop(), PERIOD_MS, {
    loop,
  });
  periodic.start();
  loop.fire();
  assert.is(loop.timers.length, 0);
});

life("may be stopped and started by its own function", () => {
  const loop = new FakeLoop();
  const periodic: PeriodicCallback = new PeriodicCallback(
    () => {
      loop.nowMs += 3_000;
      periodic.stop();
      periodic.start();
    },
    PERIOD_MS,
    { loop },
  );
  periodic.start();
  assert.is(loop.fire(), START_MS + 10_000);
  assert.is(loop.timers.length, 1);
  assert.is(loop.fire(), START_MS + 23_000);
});

life("ignores a timer that fires although it was removed", () => {
  const { loop, counter, periodic } = startCounter();
  periodic.start();
  const [late] = loop.timers;
  periodic.stop();
  late?.callback();
  periodic.start();
  late?.callback();
  assert.is(counter.calls, 0);
  assert.is(loop.timers.length, 1);
});

life("waits for an async function, so that calls never overlap", async () => {
  const loop = new FakeLoop();
  const ends: (() => void)[] = [];
  const periodic = new PeriodicCallback(
    () => new Promise<void>((end) => ends.push(end)),
    PERIOD_MS,
    {
      loop,
    },
  );
  periodic.start();
  loop.fire();
  assert.is(loop.timers.length, 0);
  loop.nowMs += 25_000;
  ends[0]?.();
  await settle();
  assert.is(loop.fire(), START_MS + 40_000);
  assert.is(ends.length, 2);
});

life("does not overlap an async call when it is stopped and started during it", async () => {
  const loop = new FakeLoop();
  const ends: (() => void)[] = [];
  const periodic = new PeriodicCallback(
    () => new Promise<void>((end) => ends.push(end)),
    PERIOD_MS,
    {
      loop,
    },
  );
  periodic.start();
  loop.fire();
  periodic.stop();
  loop.nowMs += 5_000;
  periodic.start();
  assert.is(loop.timers.length, 0);
  loop.nowMs += 12_000;
  ends[0]?.();
  await settle();
  assert.is(loop.timers.length, 1);
  assert.is(loop.fire(), START_MS + 35_000);
});

life("stopped during an async call is not called again", async () => {
  const loop = new FakeLoop();
  const periodic = new PeriodicCallback(async () => {}, PERIOD_MS, { loop });
  periodic.start();
  loop.fire();
  periodic.stop();
  await settle();
  assert.is(loop.timers.length, 0);
});

life("logs what its function throws or rejects with, and goes on", async () => {
  const loop = new FakeLoop();
  const faults: (() => unknown)[] = [
    () => {
      throw "thrown";
    },
    () => Promise.reject("rejected"),
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library
    () => ({ then: (_ok: unknown, no: (error: unknown) => void) => no("thenable") }),
  ];
  const periodic = new PeriodicCallback(() => faults.shift()?.(), PERIOD_MS, { loop });
  periodic.start();
  const errors = await logged(async () => {
    for (const at of [10_000, 20_000, 30_000, 40_000]) {
      assert.is(loop.fire(), START_MS + at);
      await settle();
    }
  });
  assert.equal(errors, ["thrown", "rejected", "thenable"]);
});

life("stops with a logged error when its loop takes no more timers", async () => {
  const { loop, counter, periodic } = startCounter();
  periodic.start();
  loop.isClosed = true;
  const errors = await logged(() => void loop.fire());
  assert.is(counter.calls, 1);
  assert.match(String(errors), /the loop is closed/);
  assert.is(periodic.isRunning, false);
  assert.throws(() => periodic.start(), /the loop is closed/);
  assert.is(periodic.isRunning, false);
});

life("refuses wrong arguments and options", () => {
  const loop = new FakeLoop();
  const code = (expected: string) => (error: { code: string }) => error.code === expected;
  const nothing = (): void => {};
  for (const intervalMs of [0, -1, Number.NaN, Infinity, "10" as unknown as number]) {
    assert.throws(
      () => new PeriodicCallback(nothing, intervalMs, { loop }),
      code("ERR_ARGUMENT_RANGE"),
    );
  }
  const wrong = (given: unknown, callback: unknown = nothing) =>
    new PeriodicCallback(callback as () => void, 1, given as PeriodicCallbackOptions);
  assert.throws(() => wrong({ loop }, null), code("ERR_ARGUMENT_TYPE"));
  assert.throws(() => wrong({ loop, jitter: 1.01 }), code("ERR_OPTION_RANGE"));
  assert.throws(() => wrong({ loop, jitter: "1" }), code("ERR_OPTION_TYPE"));
  assert.throws(() => wrong({ loop, jiter: 0 }), /did you mean "jitter"/);
  for (const given of [{ loop: {} }, { loop: 1 }]) {
    assert.throws(() => wrong(given), code("ERR_OPTION_TYPE"));
  }
});

life("uses the loop of its thread unless it is given another", async () => {
  await new Promise<void>((called) => {
    const periodic = new PeriodicCallback(() => {
      periodic.stop();
      called();
    }, 1);
    periodic.start();
  });
});

life.run();
