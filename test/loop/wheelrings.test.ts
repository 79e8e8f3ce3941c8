/** The rings of the wheel against a list that is searched from end to end: random steps, the same from each seed. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TimingWheel, type WheelOwner } from "../../lib/loop/timingwheel.ts";

/** mulberry32: random numbers from a seed, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The model: every entry in one array, in the order of filing; what is due is found by looking at all. */
class ListOfDeadlines {
  #entries: { key: number; tick: number }[] = [];
  #tick: number;

  constructor(nowTick: number) {
    this.#tick = nowTick;
  }

  get size(): number {
    return this.#entries.length;
  }

  get keys(): number[] {
    return this.#entries.map(({ key }) => key);
  }

  file(key: number, deadlineMs: number, tickMs: number): void {
    this.remove(key);
    const tick = Math.max(Math.ceil(deadlineMs / tickMs), this.#tick + 1);
    this.#entries.push({ key, tick });
  }

  remove(key: number): void {
    this.#entries = this.#entries.filter((entry) => entry.key !== key);
  }

  /** The first tick with an entry. */
  get firstTick(): number {
    return Math.min(...this.#entries.map(({ tick }) => tick));
  }

  advance(tick: number): number[] {
    this.#tick = Math.max(tick, this.#tick);
    const due = this.#entries.filter((entry) => entry.tick <= tick);
    this.#entries = this.#entries.filter((entry) => entry.tick > tick);
    return due.sort((a, b) => a.tick - b.tick).map(({ key }) => key);
  }
}

const model = suite("the wheel beside a sorted list");

for (const { seed, tickMs, nowMs } of [
  { seed: 1, tickMs: 1_000, nowMs: 5e8 + 0.25 },
  { seed: 2, tickMs: 1, nowMs: 2 ** 32 - 50_000 },
  { seed: 3, tickMs: 7, nowMs: 7 * 2 ** 31 - 1_000_000 },
  { seed: 4, tickMs: 60_000, nowMs: 0 },
]) {
  model(`does the same in 25,000 random steps of ${tickMs} ms, seed ${seed}`, () => {
    const random = randomFrom(seed);
    const wheel = new TimingWheel(nowMs, { tickMs });
    const list = new ListOfDeadlines(Math.floor(nowMs / tickMs));
    const handleOf = new Map<number, number>();
    const stale: number[] = [];
    let now = nowMs;
    let key = 0;
    let ran: number[] = [];
    // Mostly near, sometimes days and years, sometimes past.
    const deadline = (): number => now + (2 ** (random() * 28) - 3) * tickMs * random();
    const anyKey = (): number => {
      const keys = list.keys;
      return keys[Math.floor(random() * keys.length)] ?? -1;
    };
    const rearms = new Map<number, number>();
    const owner: WheelOwner = {
      onDeadline(key) {
        ran.push(key);
        return rearms.get(key) ?? 0;
      },
    };
    for (let step = 0; step < 25_000; step++) {
      const choice = random();
      if (choice < 0.4 && list.size < 200) {
        const deadlineMs = deadline();
        handleOf.set(++key, wheel.add(deadlineMs, owner, key));
        list.file(key, deadlineMs, tickMs);
      } else if (choice < 0.55) {
        const chosen = anyKey();
        const handle = handleOf.get(chosen) ?? 0;
        assert.is(wheel.cancel(handle), chosen !== -1);
        list.remove(chosen);
        stale.push(handle);
      } else if (choice < 0.7) {
        const chosen = anyKey();
        const deadlineMs = deadline();
        assert.is(wheel.update(handleOf.get(chosen) ?? 0, deadlineMs), chosen !== -1);
        if (chosen !== -1) list.file(chosen, deadlineMs, tickMs);
      } else if (choice < 0.75) {
        assert.is(wheel.cancel(stale[Math.floor(random() * stale.length)] ?? 0), false);
      } else {
        now += random() < 0.02 ? random() * 2 ** 24 * tickMs : random() * random() * 40 * tickMs;
        const tick = Math.floor(now / tickMs);
        ran = [];
        rearms.clear();
        const due = list.advance(tick);
        for (const each of due) if (random() < 0.3) rearms.set(each, (1 + random() * 50) * tickMs);
        wheel.advance(now);
        assert.equal(ran, due);
        for (const each of due) {
          const waitMs = rearms.get(each);
          if (waitMs === undefined) stale.push(handleOf.get(each) ?? 0);
          else list.file(each, now + waitMs, tickMs);
        }
      }
      assert.is(wheel.size, list.size);
      assert.ok(wheel.nextDeadlineMs() <= list.firstTick * tickMs);
      assert.ok(wheel.nextDeadlineMs() > now);
    }
  });
}

model.run();
