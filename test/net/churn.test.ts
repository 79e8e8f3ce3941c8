/** Connections opened and dropped, by the thousand and in every way: nothing of them is left behind. */
import net from "node:net";
import * as assert from "uvu/assert";
import { IOLoop, IOStream } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { descriptorCount, netSuite, serve } from "./streamtools.ts";

const churn = netSuite("ten thousand connections");

churn("opened and dropped leave no slot, descriptor or deadline", async () => {
  const server = serve(
    async (stream) => {
      for (;;) await stream.write(await stream.readUntil("\n", { maxBytes: 100 }));
    },
    { idleTimeoutMs: 60_000 },
  );
  const loop = IOLoop.current();
  const before = descriptorCount();
  const wheelBefore = loop.wheel.size;
  const drop = (socket: net.Socket, i: number): void => {
    socket.on("error", () => {});
    if (i % 4 === 0) socket.resetAndDestroy();
    else if (i % 4 === 1) socket.end();
    else if (i % 4 === 2) socket.end("half a line");
    else socket.write("line\n", () => socket.destroy());
  };
  let total = 0;
  for (let round = 0; round < 50; round++) {
    const sockets: Promise<void>[] = [];
    for (let i = 0; i < 150; i++) {
      const socket = net.connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: false });
      sockets.push(
        new Promise((resolve) => {
          socket.once("connect", () => drop(socket, i));
          socket.once("close", () => resolve());
          socket.resume();
        }),
      );
    }
    // And as many of our own that end in as many ways.
    const streams = Array.from({ length: 50 }, async (_, i) => {
      const stream = new IOStream();
      const opened = stream.connect({ host: "127.0.0.1", port: server.port });
      if (i % 3 === 0) return stream.abort();
      await opened;
      if (i % 3 === 1) return stream.close();
      void stream.write("line\n");
      await stream.readUntil("\n");
      stream.abort();
    });
    await Promise.all([...sockets, ...streams]);
    total += 200;
  }
  await until(() => server.connectionCount === 0, "end");
  await turns(5);
  assert.is(total, 10_000);
  assert.is(descriptorCount(), before);
  assert.is(loop.wheel.size, wheelBefore);
  let owned = 0;
  for (let slot = 0; slot < loop.slotCount; slot++) {
    if (loop.ownerOf(slot) !== undefined) owned++;
  }
  assert.is(owned, 1); // the listener
  assert.ok(loop.slotCount < 1_000, `${loop.slotCount} slots`);
});

churn.run();
