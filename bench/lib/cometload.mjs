// One load process of comet.mjs: `node bench/lib/cometload.mjs PORT SOURCE…`. It opens WebSockets from these addresses, as
// many more as a line of its input says, and sends a message on each of them; then, or at once for a line of 0, it
// sends one on every connection. It says "done" when each has been echoed.

import { createInterface } from "node:readline";
import { Fleet } from "./fleet.mjs";
import { moveToLoadCpu } from "./proc.mjs";
import { socketScenarios } from "./socketscenarios.mjs";

const [port, ...sources] = process.argv.slice(2);
const { path, message } = socketScenarios.echo;

moveToLoadCpu();
const fleet = new Fleet({ port: Number(port), path, sources });
for await (const line of createInterface({ input: process.stdin })) {
  await fleet.open(Number(line));
  await fleet.verify(message);
  console.log("done");
}
process.exit(0);
