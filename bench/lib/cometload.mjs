// One load process of comet.mjs: `node bench/lib/cometload.mjs PORT COUNT SOURCE`. It opens WebSockets
// from an address, says "open", and for each line on its input sends a message on every one and
// says "answered" when each has been echoed.

import { createInterface } from "node:readline";
import { Fleet } from "./fleet.mjs";
import { moveToLoadCpu } from "./proc.mjs";
import { socketScenarios } from "./socketscenarios.mjs";

const [port, count, source] = process.argv.slice(2);
const { path, message } = socketScenarios.echo;

moveToLoadCpu();
const fleet = new Fleet({ port: Number(port), path, sources: [source] });
await fleet.open(Number(count));
await fleet.verify(message);
console.log("open");
for await (const _line of createInterface({ input: process.stdin })) {
  await fleet.verify(message);
  console.log("answered");
}
process.exit(0);
