// TimingWheel with a million entries, beside a binary heap in typed arrays and Node's own timers doing the same:
// first entries picked at random are cancelled and added again, with deadlines spread over 20 minutes; then time passes,
// and each entry that is due is armed again. The heap is the least there can be: it has no handles, no owners and does
// not grow. `node bench/micro/timingwheel.bench.mjs [entries]`; needs a build.

import { TimingWheel } from "../../dist/lib/loop/timingwheel.js";
import { keep, run } from "./harness.mjs";

/** A binary heap that knows where each key stands, so that cancel is O(log n) and not a search. */
class Heap {
  constructor(capacity) {
    this.keys = new Int32Array(capacity);
    this.places = new Int32Array(capacity);
    this.deadlines = new Float64Array(capacity);
    this.count = 0;
  }

  add(deadlineMs, key) {
    this.deadlines[key] = deadlineMs;
    this.rise(this.count++, key);
  }

  cancel(key) {
    const place = this.places[key];
    const last = this.keys[--this.count];
    if (last === key) return;
    this.rise(place, last);
    if (this.keys[place] === last) this.sink(place, last);
  }

  rise(place, key) {
    const deadline = this.deadlines[key];
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.keys[parent];
      if (this.deadlines[above] <= deadline) break;
      this.put(place, above);
      place = parent;
    }
    this.put(place, key);
  }

  sink(place, key) {
    const deadline = this.deadlines[key];
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.count) break;
      const right = child + 1;
      if (right < this.count && this.deadlines[this.keys[right]] < this.deadlines[this.keys[child]])
        child = right;
      if (this.deadlines[this.keys[child]] >= deadline) break;
      this.put(place, this.keys[child]);
      place = child;
    }
    this.put(place, key);
  }

  put(place, key) {
    this.keys[place] = key;
    this.places[key] = place;
  }
}

const entries = Number(process.argv[2] ?? 1_000_000);
const operations = 10_000;
const spreadMs = 1_200_000;
const tickMs = 1_000;

// The same picks and delays for all three, made beforehand so that they are not timed.
const picks = Int32Array.from({ length: 1 << 20 }, () => Math.random() * entries);
const delaysMs = Int32Array.from({ length: 1 << 20 }, () => tickMs + Math.random() * spreadMs);
let at = 0;
const nextPick = () => {
  at = (at + 1) & (picks.length - 1);
  return picks[at];
};
const nextDelayMs = () => delaysMs[at];

console.log(`${entries} entries; one cancel and one add, picked at random:`);
const wheelNs = benchWheel();
benchHeap();
benchTimers();
console.log(
  `${Math.round(2e9 / wheelNs).toLocaleString("en")} adds and cancels a second on the wheel`,
);
console.log(`${entries} entries; one is due and is armed again:`);
benchWheelDue();
benchHeapDue();
benchIdleConnections(100_000);

function benchWheel() {
  const owner = { onDeadline: () => 0 };
  const wheel = new TimingWheel(0, { tickMs });
  const handles = new Float64Array(entries);
  for (let key = 0; key < entries; key++)
    handles[key] = wheel.add(delaysMs[key & 0xfffff], owner, key);
  const ns = run(
    "TimingWheel",
    () => {
      for (let i = 0; i < operations; i++) {
        const key = nextPick();
        wheel.cancel(handles[key]);
        handles[key] = wheel.add(nextDelayMs(), owner, key);
      }
    },
    { operations },
  );
  run(
    "TimingWheel, update",
    () => {
      for (let i = 0; i < operations; i++) wheel.update(handles[nextPick()], nextDelayMs());
    },
    { operations },
  );
  console.log(`${(wheel.byteLength / entries).toFixed(1).padStart(10)} B   an entry`);

  for (let key = 0; key < entries; key++) wheel.update(handles[key], 1e12 + key);
  let nowMs = 0;
  run("TimingWheel, a tick with nothing due", () => {
    nowMs += tickMs;
    return wheel.advance(nowMs);
  });
  return ns;
}

function benchHeap() {
  const heap = new Heap(entries);
  for (let key = 0; key < entries; key++) heap.add(delaysMs[key & 0xfffff], key);
  return run(
    "binary heap in typed arrays",
    () => {
      for (let i = 0; i < operations; i++) {
        const key = nextPick();
        heap.cancel(key);
        heap.add(nextDelayMs(), key);
      }
    },
    { operations },
  );
}

function benchTimers() {
  const ignore = () => {};
  const timers = [];
  for (let key = 0; key < entries; key++) timers.push(setTimeout(ignore, delaysMs[key & 0xfffff]));
  const ns = run(
    "setTimeout and clearTimeout",
    () => {
      for (let i = 0; i < operations; i++) {
        const key = nextPick();
        clearTimeout(timers[key]);
        timers[key] = setTimeout(ignore, nextDelayMs());
      }
    },
    { operations },
  );
  for (const timer of timers) clearTimeout(timer);
  return ns;
}

/** Each run is a second in which entries / 1,200 or so are due. */
function benchWheelDue() {
  const owner = { onDeadline: (key) => delaysMs[key & 0xfffff] };
  const wheel = new TimingWheel(0, { tickMs });
  for (let key = 0; key < entries; key++) wheel.add(delaysMs[key & 0xfffff], owner, key);
  let nowMs = 0;
  timePerEntry("TimingWheel", () => {
    nowMs += tickMs;
    return wheel.advance(nowMs);
  });
}

function benchHeapDue() {
  const heap = new Heap(entries);
  for (let key = 0; key < entries; key++) heap.add(delaysMs[key & 0xfffff], key);
  let nowMs = 0;
  timePerEntry("binary heap in typed arrays", () => {
    nowMs += tickMs;
    let count = 0;
    for (; heap.deadlines[heap.keys[0]] <= nowMs; count++) {
      const key = heap.keys[0];
      heap.cancel(key);
      heap.add(nowMs + delaysMs[key & 0xfffff], key);
    }
    return count;
  });
}

function timePerEntry(name, second) {
  for (let i = 0; i < 1_200; i++) second();
  let count = 0;
  const startedAt = performance.now();
  for (let i = 0; i < 1_200; i++) count += second();
  const ns = ((performance.now() - startedAt) * 1e6) / count;
  console.log(`${ns.toFixed(1).padStart(10)} ns  ${name}`);
}

/** Connections that were last heard at random moments and are judged every 75 s, as HTTPServer does. */
function benchIdleConnections(count) {
  const keepAliveMs = 75_000;
  const lastActive = Float64Array.from({ length: count }, () => Math.random() * keepAliveMs);
  const server = {
    onDeadline(slot, nowMs) {
      const leftMs = lastActive[slot] + keepAliveMs - nowMs;
      if (leftMs > 0) return leftMs;
      // Heard in between, so that the bench goes on.
      lastActive[slot] = nowMs - Math.random() * 1_000;
      return keepAliveMs;
    },
  };
  const wheel = new TimingWheel(0, { tickMs });
  for (let slot = 0; slot < count; slot++) wheel.add(lastActive[slot] + keepAliveMs, server, slot);
  const simulatedSeconds = 10 * 75;
  let visits = 0;
  const startedAt = performance.now();
  for (let second = 1; second <= simulatedSeconds; second++)
    visits += wheel.advance(second * tickMs);
  const spentMs = performance.now() - startedAt;
  const percent = (spentMs / (simulatedSeconds * 1_000)) * 100;
  console.log(
    `${percent.toFixed(3).padStart(10)} %   of a CPU for ${count} idle connections: ` +
      `${Math.round(visits / simulatedSeconds)} visits a second, ${((spentMs * 1e6) / visits).toFixed(0)} ns each`,
  );
  keep(visits);
}
