// What idle connections cost the loop: `node bench/wheelidle.mjs --entries=100000 --seconds=20`.
//
// No sockets: as many entries as connections would have are put on the wheel of an IOLoop that runs in real time, by an
// owner that judges each by when it was last heard, as HTTPServer does (75 s of silence, then the next look). Prints the
// CPU time of the process over those seconds, without the entries and with them, and what a look cost.

import { IOLoop } from "../dist/lib/index.js";
import { flags } from "./lib/flags.mjs";

const keepAliveMs = 75_000;
const given = flags({ entries: 100_000, seconds: 20 });

const loop = IOLoop.current();
const lastActive = new Float64Array(given.entries);
let looks = 0;
const owner = {
  onDeadline(key, nowMs) {
    looks++;
    const leftMs = lastActive[key] + keepAliveMs - nowMs;
    if (leftMs > 0) return leftMs;
    // Heard of just now, so that it goes on: every entry is looked at once in 75 s.
    lastActive[key] = nowMs - Math.random() * 100;
    return keepAliveMs;
  },
};

const without = await cpuPercent();
const now = loop.clock.now();
for (let key = 0; key < given.entries; key++) {
  lastActive[key] = now - Math.random() * keepAliveMs;
  const deadlineMs = lastActive[key] + keepAliveMs;
  loop.wheel.add(deadlineMs, owner, key);
  loop.wheelChanged(deadlineMs);
}
await sleep(2_000);
looks = 0;
const withEntries = await cpuPercent();
console.log(`without entries: ${without.toFixed(3)} % of a CPU`);
console.log(
  `with ${given.entries}: ${withEntries.toFixed(3)} % of a CPU, ${Math.round(looks / given.seconds)} looks a second`,
);
process.exit();

/** CPU time of this process, as a share of the time that passes. */
async function cpuPercent() {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await sleep(given.seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) / 1_000 / (performance.now() - startedAt)) * 100;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
