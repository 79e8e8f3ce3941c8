/**
 * A loop without a descriptor left, for filestarved.test.ts: `node … FILE BYTES`. Prints its port, sends the file to
 * the first connection, prints what onClosed is told of it; the second connection is answered.
 */
import { closeSync, openSync } from "node:fs";
import { setLogger } from "../../lib/base/log.ts";
import { IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawListener } from "./pollertools.ts";

setLogger({ debug() {}, info() {}, warn() {}, error() {} });
const loop = new IOLoop();
const listener = new RawListener(loop);
const fd = openSync(process.argv[2] ?? "", "r");
console.log(listener.port);
// Not before: the first client is to have seen itself connected by then.
await until(() => listener.connections[0]?.received === "?", "byte of the first client");
const taken: number[] = [];
try {
  for (;;) taken.push(openSync("/dev/null", "r"));
} catch {
  // None is left.
}
const first = listener.connections[0];
if (first === undefined) throw new Error("no connection");
loop.outbox.writeFile(first.slot, first.generation, fd, 0, Number(process.argv[3]));
await until(() => first.closes.length === 1, "close");
console.log(first.closes[0]);
for (const one of taken) closeSync(one);
await until(() => listener.connections.length === 2, "connection");
const second = listener.connections[1];
if (second === undefined) throw new Error("no connection");
loop.outbox.writeFile(second.slot, second.generation, fd, 0, 100);
await until(() => second.eofs === 1, "end of the client");
loop.close();
