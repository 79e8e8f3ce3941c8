/** callLater, callAt and removeTimeout, and Timeouts behind them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { LONGEST_DELAY_MS, Timeouts } from "../../lib/loop/timeouts.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loopSuite } from "./looptools.ts";

/** Keeps the thread busy, so that what falls due meanwhile is due in one iteration. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const later = loopSuite("a call in time");

later(
  "is made once, with its arguments, and not inside the call that asks for it",
  async ({ loop }) => {
    const calls: unknown[] = [];
    loop.callLater({ delayMs: 1 }, (...args: unknown[]) => calls.push(args), "a", 1);
    loop.callLater(0, (text: string) => calls.push(text), "at once");
    assert.equal(calls, []);
    await until(() => calls.length === 2, "two calls");
    await turns(3);
    assert.equal(calls.length, 2);
    assert.ok(calls.includes("at once"));
  },
);

later("comes in the order of the deadlines", async ({ loop }) => {
  const calls: number[] = [];
  // Far apart: the thread may lose the CPU for some ms between two of these calls.
  for (const delayMs of [900, 300, 600]) loop.callLater({ delayMs }, () => calls.push(delayMs));
  block(1000);
  await until(() => calls.length === 3, "three calls");
  assert.equal(calls, [300, 600, 900]);
});

later("is at a time of day for callAt(), and soon if that has passed", async ({ loop }) => {
  const calls: string[] = [];
  loop.callAt(loop.time() - 1_000_000, (text: string) => calls.push(text), "past");
  loop.callAt(loop.time() + 5, () => calls.push("soon"));
  loop.callAt(Number.NEGATIVE_INFINITY, () => calls.push("long past"));
  assert.equal(calls, []);
  await until(() => calls.length === 3, "three calls");
  assert.ok(calls.indexOf("past") < calls.indexOf("soon"));
});

later("has the time of day from time()", ({ loop }) => {
  const before = Date.now();
  const now = loop.time();
  assert.ok(before <= now && now <= Date.now());
});

later("may be taken back, twice, and after it was made", async ({ loop }) => {
  const calls: string[] = [];
  const taken = loop.callLater(1, () => calls.push("taken back"));
  const made = loop.callLater(2, () => calls.push("made"));
  loop.removeTimeout(taken);
  loop.removeTimeout(taken);
  await until(() => calls.length === 1, "the call");
  loop.removeTimeout(made);
  assert.equal(calls, ["made"]);
});

later("is not taken back by what is no handle", async ({ loop }) => {
  let called = false;
  loop.callLater(1, () => {
    called = true;
  });
  for (const handle of [null, undefined, 1, {}, "x", setImmediate(() => {})]) {
    loop.removeTimeout(handle);
  }
  await until(() => called, "the call");
});

for (const [what, secondMs] of [
  ["at another deadline", 11],
  ["at the same deadline", 10],
] as const) {
  later(`can take back one that is due in the same iteration ${what}`, async ({ loop }) => {
    const calls: string[] = [];
    const first = loop.callLater(10, () => {
      calls.push("t1");
      loop.removeTimeout(second);
    });
    const second = loop.callLater(secondMs, () => {
      calls.push("t2");
      loop.removeTimeout(first);
    });
    loop.callLater(12, () => calls.push("end"));
    block(30);
    await until(() => calls.includes("end"), "the last call");
    assert.equal(calls, ["t1", "end"]);
  });
}

later("that throws or rejects is logged, and the others are made", async ({ loop, errors }) => {
  const calls: string[] = [];
  loop.callLater(1, () => {
    throw new Error("sync");
  });
  loop.callLater(1, async () => {
    await null;
    throw new Error("async");
  });
  loop.callLater(2, () => calls.push("after"));
  await until(() => calls.length === 1 && errors.length === 2, "a call and two errors");
  assert.equal([...errors].sort(), ["async", "sync"]);
});

later("needs a number", ({ loop }) => {
  const wrong = ["5", undefined, null, Number.NaN, {}];
  for (const delay of wrong) {
    assert.throws(
      () => loop.callLater({ delayMs: delay as number }, () => {}),
      (error: unknown) => error instanceof CodedError && error.code === "ERR_ARGUMENT_RANGE",
    );
  }
});

later.run();

/** Node's timers, stood in for: keeps what is asked for, and runs it when told. */
function withTimers(test: (timers: { delayMs: number; run: () => void }[]) => void): void {
  const real = globalThis.setTimeout;
  const asked: { delayMs: number; run: () => void }[] = [];
  globalThis.setTimeout = ((run: () => void, delayMs: number) => {
    asked.push({ delayMs, run });
    return real(() => {}, 0);
  }) as unknown as typeof setTimeout;
  try {
    test(asked);
  } finally {
    globalThis.setTimeout = real;
  }
}

const long = suite("a delay longer than Node's timers take");

long("is waited for in steps that they take", () => {
  withTimers((timers) => {
    const timeouts = new Timeouts();
    let calls = 0;
    timeouts.add(LONGEST_DELAY_MS * 2 + 5, () => {
      calls++;
    });
    for (let i = 0; i < 3; i++) {
      assert.is(calls, 0);
      timers[i]?.run();
    }
    assert.equal(
      timers.map(({ delayMs }) => delayMs),
      [LONGEST_DELAY_MS, LONGEST_DELAY_MS, 5],
    );
    assert.is(calls, 1);
  });
});

long("is one step at the limit, and two over it", () => {
  withTimers((timers) => {
    const timeouts = new Timeouts();
    timeouts.add(LONGEST_DELAY_MS, () => {});
    timers[0]?.run();
    assert.is(timers.length, 1);
    timeouts.add(LONGEST_DELAY_MS + 1, () => {});
    timers[1]?.run();
    assert.equal([timers.length, timers[2]?.delayMs], [3, 1]);
  });
});

long("may be for ever, and can be taken back between two steps", () => {
  withTimers((timers) => {
    const timeouts = new Timeouts();
    let calls = 0;
    const handle = timeouts.add(Number.POSITIVE_INFINITY, () => {
      calls++;
    });
    for (let i = 0; i < 5; i++) timers[i]?.run();
    assert.is(timers.length, 6);
    timeouts.remove(handle);
    assert.is(handle.timer, null);
    assert.is(calls, 0);
  });
});

long("is taken back with all others by clear()", () => {
  withTimers((timers) => {
    const timeouts = new Timeouts();
    let calls = 0;
    const call = (): void => {
      calls++;
    };
    timeouts.add(1, call);
    timeouts.add(LONGEST_DELAY_MS * 3, call);
    timeouts.clear();
    // As if the timer had been due already when it was taken back.
    timers[0]?.run();
    assert.is(calls, 0);
  });
});

long.run();
