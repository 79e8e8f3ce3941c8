/**
 * A server in a process of few descriptors, for starved.test.ts. Prints its port; answers each line of its input with
 * the CPU time, in ms, that the process has used so far, or the line "warned" with the next warning of the log.
 */
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { setLogger } from "../../lib/base/log.ts";
import { Application, IOLoop, RequestHandler } from "../../lib/index.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

const nothing = (): void => {};
let hear: (message: string) => void = nothing;
const warned = new Promise<string>((resolve) => {
  hear = resolve;
});
setLogger({ debug: nothing, info: nothing, warn: (message) => hear(message), error: nothing });

const server = new Application([["/", Hello]]).listen(0, "127.0.0.1");
// All descriptors but FREE are taken, after Node has opened what it needs to load all this.
const FREE = 20;
const taken: number[] = [];
try {
  for (;;) taken.push(openSync("/dev/null", "r"));
} catch {
  for (const fd of taken.splice(-FREE)) closeSync(fd);
}

const { address } = server;
console.log(address !== null && "port" in address ? address.port : 0);
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (line === "warned") {
    void warned.then((message) => console.log(message));
    return;
  }
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1000);
});
input.on("close", () => {
  server.closeAllConnections();
  void server.stop();
});
await IOLoop.current().start();
console.log("settled");
