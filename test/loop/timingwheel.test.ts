/** TimingWheel: when entries are run, and what a handle means. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TimingWheel, type WheelOwner } from "../../lib/loop/timingwheel.ts";
import { until } from "../support/deferred.ts";
import { DAY_MS, drive, startWheel, TICK_MS } from "./wheeltools.ts";

const time = suite("a deadline on the wheel");

time("is not run at the first tick, nor by the call that adds it", () => {
  const { wheel, owner, calls } = startWheel({ nowMs: 500 });
  wheel.add(5_000, owner, 1);
  wheel.advance(500);
  wheel.advance(1_000);
  assert.is(calls.length, 0);
  assert.is(wheel.size, 1);
});

time("is run at its tick and not a millisecond before", () => {
  const { wheel, owner, calls } = startWheel();
  wheel.add(5_000, owner, 7);
  assert.is(wheel.advance(4_999.999), 0);
  assert.is(wheel.advance(5_000), 1);
  assert.equal(calls, [{ key: 7, nowMs: 5_000 }]);
  assert.is(wheel.size, 0);
});

time("between two ticks is run at the later one", () => {
  const { wheel, owner, keys } = startWheel();
  wheel.add(5_000.5, owner, 1);
  wheel.advance(5_999);
  assert.equal(keys(), []);
  wheel.advance(6_000);
  assert.equal(keys(), [1]);
});

time("already past is run at the next tick", () => {
  const { wheel, owner, keys } = startWheel({ nowMs: 10_000 });
  wheel.add(3_000, owner, 1);
  wheel.add(-Infinity, owner, 2);
  wheel.advance(10_999);
  assert.equal(keys(), []);
  wheel.advance(11_000);
  assert.equal(keys(), [1, 2]);
});

time("is run never early and less than a tick late, from a tick to years", () => {
  for (const nowMs of [0, 123.456, 31_999, 32_000, DAY_MS * 365.25 + 0.5]) {
    const { wheel, owner, calls } = startWheel({ nowMs });
    const deadlines: number[] = [];
    for (let delayMs = 1; delayMs < 2 ** 41; delayMs *= 1.37) {
      wheel.add(nowMs + delayMs, owner, deadlines.length);
      deadlines.push(nowMs + delayMs);
    }
    drive(wheel, nowMs + 2 ** 41);
    assert.is(calls.length, deadlines.length);
    for (const { key, nowMs: ranMs } of calls) {
      const lateMs = ranMs - (deadlines[key] ?? Number.NaN);
      assert.ok(lateMs >= 0 && lateMs < TICK_MS, `deadline ${deadlines[key]} ran at ${ranMs}`);
    }
  }
});

time("of days ahead wakes the loop a few times only", () => {
  const { wheel, owner, keys } = startWheel();
  wheel.add(30 * DAY_MS, owner, 1);
  assert.ok(drive(wheel, 31 * DAY_MS) <= 7);
  assert.equal(keys(), [1]);
});

time("is run after a leap of years, in the order of the ticks", () => {
  const { wheel, owner, keys } = startWheel();
  const deadlines = [40 * DAY_MS, 3_000, 365 * DAY_MS, DAY_MS, 60_000, 33_000, 3_000];
  for (const [key, deadlineMs] of deadlines.entries()) wheel.add(deadlineMs, owner, key);
  assert.is(wheel.advance(20 * 365 * DAY_MS), 7);
  assert.equal(keys(), [1, 6, 5, 4, 3, 0, 2]);
});

time("may be 2^31 - 1 ticks ahead and no further", () => {
  const { wheel, owner, keys } = startWheel({ tickMs: 1 });
  const lastMs = 2 ** 31 - 1;
  const handle = wheel.add(lastMs, owner, 1);
  for (const deadlineMs of [lastMs + 1, Infinity, Number.NaN]) {
    assert.throws(
      () => wheel.add(deadlineMs, owner, 2),
      (error: { code: string }) => error.code === "ERR_ARGUMENT_RANGE",
    );
    assert.throws(() => wheel.update(handle, deadlineMs), /allowed is a time in ms up to/);
    assert.throws(() => wheel.addCallback(deadlineMs, () => {}), /2\^31 - 1 ticks ahead/);
  }
  assert.is(wheel.size, 1);
  wheel.advance(lastMs - 1);
  assert.equal(keys(), []);
  wheel.advance(lastMs);
  assert.equal(keys(), [1]);
});

time("is kept when tick numbers pass 2^31, 2^32 and 2^40", () => {
  for (const edge of [2 ** 30, 2 ** 31, 2 ** 32, 3 * 2 ** 32, 2 ** 40]) {
    const { wheel, owner, calls } = startWheel({ tickMs: 1, nowMs: edge - 5 });
    const delays = [1, 4, 5, 6, 70, 5_000, 2 ** 28, 2 ** 30 + 3, 2 ** 31 - 1];
    for (const delay of delays) wheel.add(edge - 5 + delay, owner, delay);
    drive(wheel, edge + 2 ** 31);
    assert.equal(
      calls.map(({ key, nowMs }) => [key, nowMs - edge + 5]),
      delays.map((delay) => [delay, delay]),
    );
  }
});

time("outlives a leap so long that tick numbers come round", () => {
  const { wheel, owner, keys } = startWheel({ tickMs: 1 });
  wheel.add(10, owner, 1);
  wheel.advance(2 ** 33 + 5);
  assert.equal(keys(), [1]);
  wheel.add(2 ** 33 + 7, owner, 2);
  wheel.advance(2 ** 33 + 6);
  assert.equal(keys(), [1]);
  wheel.advance(2 ** 33 + 7);
  assert.equal(keys(), [1, 2]);
});

time("in one tick is run in the order of adding, from near and far alike", () => {
  const { wheel, owner, keys } = startWheel();
  wheel.add(100_000, owner, 1);
  wheel.advance(50_000);
  wheel.add(100_000, owner, 2);
  wheel.advance(97_000);
  wheel.add(99_500, owner, 3);
  wheel.advance(100_000);
  assert.equal(keys(), [1, 2, 3]);
});

time("is left alone when the clock goes backwards or is no number", () => {
  const { wheel, owner, keys } = startWheel({ nowMs: 10_000 });
  wheel.add(12_000, owner, 1);
  for (const nowMs of [0, -Infinity, Infinity, Number.NaN, 9_999]) wheel.advance(nowMs);
  assert.equal(keys(), []);
  wheel.advance(12_000);
  assert.equal(keys(), [1]);
});

time.run();

const handles = suite("a handle of the wheel");

handles("moves its entry later and sooner, near and far", () => {
  const { wheel, owner, calls } = startWheel();
  const handle = wheel.add(5_000, owner, 1);
  assert.ok(wheel.update(handle, 3 * DAY_MS));
  wheel.advance(2 * DAY_MS);
  assert.is(calls.length, 0);
  assert.ok(wheel.update(handle, 2 * DAY_MS + 4_000));
  wheel.advance(2 * DAY_MS + 4_000);
  assert.is(calls.length, 1);
  assert.is(wheel.update(handle, 4 * DAY_MS), false);
});

handles("cancels its entry, once", () => {
  const { wheel, owner, calls } = startWheel();
  const handle = wheel.add(5_000, owner, 1);
  assert.ok(wheel.has(handle));
  assert.ok(wheel.cancel(handle));
  assert.is(wheel.has(handle), false);
  assert.is(wheel.cancel(handle), false);
  wheel.advance(10_000);
  assert.is(calls.length, 0);
  assert.is(wheel.size, 0);
});

handles("is void once its entry is done or cancelled, though the record is used again", () => {
  const { wheel, owner, keys } = startWheel();
  const cancelled = wheel.add(5_000, owner, 1);
  wheel.cancel(cancelled);
  const done = wheel.add(1_000, owner, 2);
  wheel.advance(1_000);
  wheel.add(5_000, owner, 3);
  for (const stale of [cancelled, done]) {
    assert.is(wheel.cancel(stale), false);
    assert.is(wheel.update(stale, 9_000), false);
    assert.is(wheel.has(stale), false);
  }
  wheel.advance(5_000);
  assert.equal(keys(), [2, 3]);
});

handles("is above 0, differs from all before it, and is exact", () => {
  const { wheel, owner } = startWheel();
  const seen = new Set<number>();
  for (let i = 0; i < 1_000; i++) {
    const handle = wheel.add(5_000, owner, i);
    assert.ok(handle > 0 && Number.isSafeInteger(handle));
    seen.add(handle);
    wheel.cancel(handle);
  }
  assert.is(seen.size, 1_000);
});

handles("that the wheel never gave out means nothing", () => {
  const { wheel, owner, keys } = startWheel();
  const handle = wheel.add(1_000, owner, 1);
  wheel.cancel(wheel.add(1_000, owner, 2));
  const span = 2 ** 24;
  const forged = [0, 1, -1, 0.5, Number.NaN, Infinity, 2 ** 53, span - 1, -span, -span + 1];
  // Those of other generations of the living record and of the freed one, and those of slots.
  const record = handle % span;
  for (const generation of [-2, -1, 0, 2, 3]) {
    for (const near of [0, record - 1, record, record + 1, record + 2]) {
      if (generation !== 1) forged.push(generation * span + near);
    }
  }
  for (const stranger of forged) assert.is(wheel.cancel(stranger), false, `handle ${stranger}`);
  wheel.advance(1_000);
  assert.equal(keys(), [1]);
});

handles.run();

const rearm = suite("an entry whose owner waits on");

rearm("is run again that long after, under the same handle", () => {
  const { wheel, owner, calls } = startWheel();
  owner.waitMs = 2_500;
  const handle = wheel.add(1_000, owner, 4);
  drive(wheel, 9_000);
  assert.equal(
    calls.map(({ nowMs }) => nowMs),
    [1_000, 4_000, 7_000],
  );
  assert.ok(wheel.cancel(handle));
  assert.is(wheel.size, 0);
});

rearm("is one entry per connection, visited once per silence of lastActive", () => {
  const lastActive = Float64Array.of(0, 74_000, 10_000);
  const closed: [slot: number, nowMs: number][] = [];
  const server: WheelOwner = {
    onDeadline(slot, nowMs) {
      const leftMs = (lastActive[slot] ?? 0) + 75_000 - nowMs;
      if (leftMs > 0) return leftMs;
      closed.push([slot, nowMs]);
      return 0;
    },
  };
  const { wheel } = startWheel();
  for (let slot = 0; slot < 3; slot++) wheel.add(75_000, server, slot);
  drive(wheel, 300_000);
  assert.equal(closed, [
    [0, 75_000],
    [2, 85_000],
    [1, 149_000],
  ]);
});

rearm("ends if the wait is no positive number", () => {
  for (const waitMs of [0, -1, Number.NaN, undefined as unknown as number]) {
    const { wheel, owner, calls } = startWheel();
    owner.waitMs = waitMs;
    wheel.add(1_000, owner, 1);
    wheel.advance(5_000);
    wheel.advance(9_000);
    assert.is(calls.length, 1);
    assert.is(wheel.size, 0);
  }
});

rearm("ends with an error if the wait is too long", () => {
  const errors: unknown[] = [];
  const { wheel, owner } = startWheel({ onError: (error) => errors.push(error) });
  owner.waitMs = Infinity;
  wheel.add(1_000, owner, 1);
  wheel.advance(1_000);
  assert.match(String(errors), /ERR_ARGUMENT_RANGE|up to/);
  assert.is(wheel.size, 0);
});

rearm("has one call only for a leap over many of its periods", () => {
  const { wheel, owner, calls } = startWheel();
  owner.waitMs = 1_000;
  wheel.add(1_000, owner, 1);
  assert.is(wheel.advance(DAY_MS), 1);
  assert.equal(calls, [{ key: 1, nowMs: DAY_MS }]);
  assert.is(wheel.nextDeadlineMs(), DAY_MS + 1_000);
});

rearm.run();

const growth = suite("a wheel of many entries");

growth("grows by doubling, at 24 bytes an entry, and uses freed records again", () => {
  const { wheel, owner, calls } = startWheel();
  const count = 300_000;
  const held = new Float64Array(count);
  for (let key = 0; key < count; key++)
    held[key] = wheel.add(1_000 + (key % 997) * 777, owner, key);
  assert.is(wheel.size, count);
  assert.ok(wheel.byteLength < 2 * 24 * (count + 512));
  const full = wheel.byteLength;
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < count; key += 2) assert.ok(wheel.cancel(held[key] ?? 0));
    assert.is(wheel.size, count / 2);
    for (let key = 0; key < count; key += 2) held[key] = wheel.add(500_000, owner, key);
  }
  assert.is(wheel.byteLength, full);
  wheel.advance(DAY_MS);
  assert.is(calls.length, count);
  assert.is(new Set(calls.map(({ key }) => key)).size, count);
});

growth("keeps owners apart, and forgets one whose last entry is gone", () => {
  const { wheel } = startWheel();
  const ran: string[] = [];
  const owners = Array.from({ length: 20 }, (_, name): WheelOwner => {
    return {
      onDeadline(key) {
        ran.push(`${name}/${key}`);
        return 0;
      },
    };
  });
  for (let round = 1; round <= 3; round++) {
    ran.length = 0;
    const expected: string[] = [];
    const doomed: number[] = [];
    for (let key = 0; key < 5; key++) {
      for (const [name, owner] of owners.entries()) {
        const handle = wheel.add(round * 10_000, owner, key);
        // Every third owner loses all of its entries, and with them its place.
        if (name % 3 === 0) doomed.push(handle);
        else expected.push(`${name}/${key}`);
      }
    }
    for (const handle of doomed) wheel.cancel(handle);
    wheel.advance(round * 10_000);
    assert.equal(ran, expected);
  }
});

growth("keeps neither the function nor the owner of an entry that is gone", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const { wheel } = startWheel();
  const addAndLose = (): WeakRef<object>[] => {
    const owner: WheelOwner = { onDeadline: () => 0 };
    const functions = [() => wheel.size, () => wheel.size];
    const handles = functions.map((callback) => wheel.addCallback(1_000, callback));
    handles.push(wheel.add(5_000, owner, 1), wheel.add(1_000, owner, 1));
    wheel.cancel(handles[0] ?? 0);
    wheel.cancel(handles[2] ?? 0);
    wheel.advance(1_000);
    return [...functions, owner].map((target) => new WeakRef(target));
  };
  const references = addAndLose();
  // A target of a new WeakRef lives until the end of the turn, and longer while a compiler's thread is at its function.
  await new Promise((resolve) => setImmediate(resolve));
  await until(() => {
    collectGarbage();
    return references.every((reference) => reference.deref() === undefined);
  }, "the end of both functions and of the owner");
});

growth("takes keys of 32 bits and refuses others", () => {
  const { wheel, owner, keys } = startWheel();
  for (const key of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) wheel.add(1_000, owner, key);
  for (const key of [2 ** 31, 0.5, Number.NaN]) {
    assert.throws(() => wheel.add(1_000, owner, key), /allowed is a 32-bit integer/);
  }
  wheel.advance(1_000);
  assert.equal(keys(), [0, -1, 2 ** 31 - 1, -(2 ** 31)]);
});

growth("refuses wrong options and times", () => {
  assert.throws(() => new TimingWheel(Number.NaN), /nowMs is NaN/);
  assert.throws(() => new TimingWheel(0, { tickMs: 0 }), /tickMs/);
  assert.is(new TimingWheel(0).tickMs, 1_000);
});

growth.run();
