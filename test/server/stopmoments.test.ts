/** server.stop(): WebSockets, and servers that are stopped before they serve, or in the middle of a turn. */
import * as assert from "uvu/assert";
import { HTTPServer, RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { handshake, open as openPeer } from "../support/websockets.ts";
import { ended, GET, gated, Hello } from "./stoptools.ts";

class Socket extends WebSocketHandler {
  override onMessage() {}
}

const webSockets = serverSuite("the WebSockets of a server that stops");

webSockets("are closed with 1001, or with 1012 if it restarts", async () => {
  for (const isRestart of [false, true]) {
    const started = await startServer([["/", Socket]]);
    const peer = await openPeer(started);
    const stopped = started.server.stop({ isRestart });
    const { first, payload } = await peer.frame();
    assert.is(first, 0x88);
    assert.is(payload.readUInt16BE(0), isRestart ? 1012 : 1001);
    peer.client.destroy();
    await stopped;
  }
});

webSockets("are closed a hundred at once, the others over webSocketCloseWindowMs", async () => {
  const handlers: WebSocketHandler[] = [];
  class Counted extends Socket {
    override open() {
      handlers.push(this);
    }
  }
  const started = await startServer([["/", Counted]], { webSocketCloseWindowMs: 1_000 });
  const peers = await Promise.all(Array.from({ length: 250 }, () => openPeer(started)));
  await until(() => handlers.length === 250, "all handlers");
  const closing = () => handlers.filter(({ isClosing }) => isClosing).length;
  const told = () => peers.filter(({ client }) => client.unread !== "").length;
  const { server, clock } = started;
  // Without a turn in between: real time goes on beside the clock.
  const stopped = server.stop({ graceMs: 3_600_000 });
  const counts = [closing()];
  for (let i = 0; i < 2; i++) {
    clock.advance(200);
    counts.push(closing());
  }
  assert.equal(counts, [100, 200, 250]);
  await until(() => told() === 250, "close frames of all");
  for (const { client } of peers) client.destroy();
  await stopped;
});

webSockets("are not opened any more: 503", async () => {
  const { gate, begun, Gated } = gated();
  class Late extends WebSocketHandler {
    override async prepare() {
      await gate.promise;
    }
    override onMessage() {}
  }
  const started = await startServer([
    ["/", Gated],
    ["/late", Late],
  ]);
  const holder = await started.connect();
  await holder.send(GET);
  await begun;
  const late = await started.connect();
  await late.send(handshake("/late"));
  await until(() => started.server.stats().connections.busy === 2, "the handshake");
  const stopped = started.server.stop();
  gate.resolve();
  assert.is((await late.readResponse()).status, 503);
  assert.is((await holder.readResponse()).status, 200);
  await ended(late);
  await ended(holder);
  await stopped;
});

webSockets.run();

const starting = serverSuite("a server that is stopped before it serves");

starting("cannot listen any more, and has nothing to wait for", async () => {
  const { server, connect } = await startServer([["/", Hello]]);
  const connecting = connect();
  await server.stop();
  // What waits in the kernel is not served.
  await connecting.then(
    async (client) => {
      await client.gone();
      client.destroy();
    },
    () => {},
  );
  assert.throws(() => server.listen(0), /ERR_SERVER_STOPPED|was stopped/);
});

starting("serves nothing if it is stopped while it starts", async () => {
  const { server: other } = await startServer([["/", Hello]]);
  const server = new HTTPServer(() => {}).bind(0, "127.0.0.1");
  const start = server.start(1);
  await server.stop();
  await start;
  assert.is(server.address, null);
  assert.is.not(other.address, null);
});

starting("still answers those who were accepted in the turn that stops it", async () => {
  let stopped: Promise<void> | null = null;
  let server: HTTPServer | null = null;
  class Stop extends RequestHandler {
    get() {
      stopped = server?.stop() ?? null;
      this.write("stopping");
    }
  }
  const started = await startServer([
    ["/", Hello],
    ["/stop", Stop],
  ]);
  server = started.server;
  const client = await started.connect();
  void client.send("GET /stop HTTP/1.1\r\nHost: a\r\n\r\n");
  // Whether they come in that turn, before or after it: each is answered, or told that nobody listens.
  const others = await Promise.allSettled(Array.from({ length: 20 }, () => started.connect()));
  for (const other of others) {
    if (other.status === "rejected") continue;
    void other.value.send(GET);
    await other.value.gone();
    other.value.destroy();
  }
  assert.is((await client.readResponse()).text, "stopping");
  await ended(client);
  await stopped;
});

starting.run();
