// 5,000 clients at once, or as many as the process may have descriptors, against our own server: everyone's messages come back, and nothing is left of them.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import { type WebSocketClientConnection, WebSocketHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { openSockets } from "../support/rawwebsockets.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { connect, endConnections } from "../support/websocketclients.ts";

/** Two descriptors each, and some for the rest. */
const descriptors = Number(
  /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1] ?? 12_000,
);
const COUNT = Math.min(5_000, Math.floor((descriptors - 200) / 2));
/** How many connect at a time: within any listener's backlog. */
const AT_ONCE = 250;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let open = 0;

class Echo extends WebSocketHandler {
  override open() {
    open++;
  }
  override onMessage(message: string | Buffer) {
    return this.writeMessage(message);
  }
  override onClose() {
    open--;
  }
}

const t = serverSuite(`${COUNT} clients`);
t.after.each(endConnections);

t("echo, and leave no descriptor and no memory behind", async () => {
  const before = openSockets();
  const { port, stop } = await startServer([["/echo", Echo]]);
  const heapAfter: number[] = [];
  for (let round = 0; round < 2; round++) {
    const connections: WebSocketClientConnection[] = [];
    while (connections.length < COUNT) {
      const some = Array.from({ length: AT_ONCE }, () => connect(`ws://127.0.0.1:${port}/echo`));
      connections.push(...(await Promise.all(some)));
    }
    assert.is(open, COUNT);
    for (const [n, connection] of connections.entries()) {
      void connection.writeMessage(`first ${n}`);
      void connection.writeMessage(`second ${n}`);
    }
    const answers = await Promise.all(
      connections.map(async (one) => [await one.readMessage(), await one.readMessage()]),
    );
    for (const [n, answer] of answers.entries()) {
      assert.equal(answer, [`first ${n}`, `second ${n}`]);
    }
    for (const connection of connections) connection.close(1000);
    await Promise.all(connections.map(({ closed }) => closed));
    assert.ok(connections.every(({ closeCode }) => closeCode === 1000));
    await until(() => open === 0, "the server's ends");
    connections.length = 0;
    collectGarbage();
    heapAfter.push(process.memoryUsage().heapUsed);
  }
  await stop();
  await until(() => openSockets() === before, "the sockets to be closed");
  const [first = 0, second = 0] = heapAfter;
  assert.ok(second < first * 1.1 + 2e6, `${first} bytes, then ${second}`);
});

t.run();
