/** TimingWheel: what callbacks may do to it. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Logger, setLogger } from "../../lib/base/log.ts";
import type { WheelOwner } from "../../lib/loop/timingwheel.ts";
import { DAY_MS, drive, startWheel } from "./wheeltools.ts";

const inside = suite("from inside a callback, the wheel");

inside("lets an entry cancel itself, and any answer is ignored", () => {
  const { wheel } = startWheel();
  let calls = 0;
  const owner: WheelOwner = {
    onDeadline() {
      calls++;
      assert.ok(wheel.cancel(handle));
      return 5_000;
    },
  };
  const handle = wheel.add(1_000, owner, 1);
  drive(wheel, 20_000);
  assert.is(calls, 1);
  assert.is(wheel.size, 0);
});

inside("lets an entry cancel itself and another take its record", () => {
  const { wheel, owner, keys } = startWheel();
  const first: WheelOwner = {
    onDeadline() {
      wheel.cancel(handle);
      wheel.add(3_000, owner, 2);
      return 1_000;
    },
  };
  const handle = wheel.add(1_000, first, 1);
  wheel.advance(1_000);
  assert.is(wheel.size, 1);
  wheel.advance(2_000);
  assert.equal(keys(), []);
  wheel.advance(3_000);
  assert.equal(keys(), [2]);
});

inside("lets an entry update itself, and any answer is ignored", () => {
  for (const answer of [0, 1_000]) {
    const { wheel } = startWheel();
    const ran: number[] = [];
    const owner: WheelOwner = {
      onDeadline(_key, nowMs) {
        ran.push(nowMs);
        if (ran.length > 1) return 0;
        assert.ok(wheel.update(handle, 50_000));
        return answer;
      },
    };
    const handle = wheel.add(1_000, owner, 1);
    drive(wheel, 60_000);
    assert.equal(ran, [1_000, 50_000]);
  }
});

inside("takes a neighbour of the same tick, before or after it, off", () => {
  const { wheel } = startWheel();
  const ran: number[] = [];
  const add = (key: number) => wheel.addCallback(1_000, () => ran.push(key));
  const before = add(1);
  wheel.addCallback(1_000, () => {
    ran.push(2);
    assert.is(wheel.cancel(before), false);
    assert.ok(wheel.cancel(after));
    assert.ok(wheel.cancel(later));
  });
  const after = add(3);
  add(4);
  const later = wheel.addCallback(90_000, () => ran.push(5));
  wheel.advance(100_000);
  assert.equal(ran, [1, 2, 4]);
  assert.is(wheel.size, 0);
});

inside("takes off an entry of a later tick that the same leap has made due", () => {
  const { wheel } = startWheel();
  const ran: number[] = [];
  wheel.addCallback(1_000, () => ran.push(1) && wheel.cancel(far));
  const far = wheel.addCallback(2 * DAY_MS, () => ran.push(2));
  wheel.advance(3 * DAY_MS);
  assert.equal(ran, [1]);
});

inside("moves a neighbour of the same tick to later", () => {
  const { wheel } = startWheel();
  const ran: string[] = [];
  wheel.addCallback(1_000, () => ran.push("first") && wheel.update(neighbour, 8_000));
  const neighbour = wheel.addCallback(1_000, (nowMs) => ran.push(`neighbour ${nowMs}`));
  wheel.advance(1_000);
  assert.equal(ran, ["first"]);
  wheel.advance(7_999);
  wheel.advance(8_000);
  assert.equal(ran, ["first", "neighbour 8000"]);
});

inside("takes what is due at once for the next tick", () => {
  const { wheel } = startWheel();
  const ran: number[] = [];
  const again = (nowMs: number): void => {
    ran.push(nowMs);
    wheel.addCallback(nowMs, again);
  };
  wheel.addCallback(1_000, again);
  wheel.advance(1_000);
  wheel.advance(10_000);
  wheel.advance(11_000);
  assert.equal(ran, [1_000, 10_000, 11_000]);
});

inside("takes so many entries that it grows", () => {
  const { wheel, owner, calls } = startWheel();
  wheel.addCallback(1_000, () => {
    for (let key = 0; key < 5_000; key++) wheel.add(2_000, owner, key);
  });
  let neighbour = 0;
  wheel.addCallback(1_000, () => neighbour++);
  wheel.advance(1_000);
  assert.is(neighbour, 1);
  wheel.advance(2_000);
  assert.is(calls.length, 5_000);
});

inside("is not advanced, but makes up for it later", () => {
  const { wheel } = startWheel();
  const ran: number[] = [];
  wheel.addCallback(1_000, () => {
    ran.push(1);
    assert.is(wheel.advance(5_000), 0);
    assert.is(wheel.nextDeadlineMs(), 1_000);
  });
  wheel.addCallback(1_000, () => {
    ran.push(2);
    assert.is(wheel.nextDeadlineMs(), 3_000);
  });
  wheel.addCallback(3_000, () => {
    ran.push(3);
    assert.is(wheel.nextDeadlineMs(), Infinity);
  });
  wheel.advance(1_000);
  assert.equal(ran, [1, 2]);
  wheel.advance(5_000);
  assert.equal(ran, [1, 2, 3]);
});

inside.run();

const errors = suite("a callback that throws");

errors("stops none of the others, and its entry is done", () => {
  const caught: unknown[] = [];
  const { wheel, owner, keys } = startWheel({ onError: (error) => caught.push(error) });
  const fault = new Error("no");
  const thrower: WheelOwner = {
    onDeadline() {
      throw fault;
    },
  };
  wheel.add(1_000, owner, 1);
  const handle = wheel.add(1_000, thrower, 2);
  wheel.addCallback(1_000, () => {
    throw fault;
  });
  wheel.add(1_000, owner, 3);
  assert.is(wheel.advance(1_000), 4);
  assert.equal(keys(), [1, 3]);
  assert.equal(caught, [fault, fault]);
  assert.is(wheel.has(handle), false);
  assert.is(wheel.size, 0);
});

errors("is logged if there is no onError, and so is a rejected promise", async () => {
  const logged: unknown[] = [];
  const ignore = (): void => {};
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (_message, error) => logged.push(error),
  };
  const before = setLogger(logger);
  try {
    const { wheel } = startWheel();
    wheel.addCallback(1_000, () => {
      throw "thrown";
    });
    wheel.addCallback(1_000, async () => {
      throw "rejected";
    });
    wheel.advance(1_000);
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(logged, ["thrown", "rejected"]);
  } finally {
    setLogger(before);
  }
});

errors("and an onError that throws leave the rest for the next advance()", () => {
  const { wheel, owner, keys } = startWheel({
    onError(error) {
      throw error;
    },
  });
  wheel.addCallback(1_000, () => {
    throw new Error("no");
  });
  wheel.add(1_000, owner, 1);
  wheel.add(2_000, owner, 2);
  assert.throws(() => wheel.advance(1_500), /no/);
  assert.is(wheel.nextDeadlineMs(), 1_000);
  wheel.advance(1_500);
  assert.equal(keys(), [1]);
  wheel.advance(2_000);
  assert.equal(keys(), [1, 2]);
});

errors.run();
