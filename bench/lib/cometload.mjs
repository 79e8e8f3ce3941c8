// One load process of comet.mjs: `node bench/lib/cometload.mjs PORT COUNT SOURCE`. It opens WebSockets
// from an address: half of them, of which it says "half"; the rest, when a line comes, of which it
// says "open". For each further line it sends a message on every one, and says "answered" when each
// has been echoed.

import { createInterface } from "node:readline";
import { Fleet } from "./fleet.mjs";
import { moveToLoadCpu } from "./proc.mjs";
import { socketScenarios } from "./socketscenarios.mjs";

const [port, count, source] = process.argv.slice(2);
const { path, message } = socketScenarios.echo;

moveToLoadCpu();
const fleet = new Fleet({ port: Number(port), path, sources: [source] });
const half = Math.floor(Number(count) / 2);
await fleet.open(half);
await fleet.verify(message);
console.log("half");
for await (const _line of createInterface({ input: process.stdin })) {
  const isOpen = fleet.size > half;
  if (!isOpen) await fleet.open(Number(count) - half);
  await fleet.verify(message);
  console.log(isOpen ? "answered" : "open");
}
process.exit(0);
