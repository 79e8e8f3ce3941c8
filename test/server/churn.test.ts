/** Connections opened and dropped, by the thousand and in every way: nothing of them is left behind. (More: bench/churn.mjs.) */
import { readdirSync } from "node:fs";
import net from "node:net";
import * as assert from "uvu/assert";
import { RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";
import { handshake } from "../support/websockets.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Slow extends RequestHandler {
  async get() {
    await new Promise<void>((resolve) => this.signal.addEventListener("abort", () => resolve()));
  }
}

class Socket extends WebSocketHandler {
  override onMessage() {}
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** The ways in which a client drops its connection as soon as it is open. */
const ways: readonly ((socket: net.Socket) => void)[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.end("GET / HT"),
  (socket) => socket.end(GET),
  (socket) => void socket.write(GET, () => socket.resetAndDestroy()),
  (socket) => void socket.write("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", () => socket.destroy()),
  (socket) => void socket.write(handshake("/socket"), () => socket.resetAndDestroy()),
  (socket) => socket.end("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"),
  // Silent: it is the server that ends these.
  (socket) => void socket.write("GET / HT"),
  () => {},
];

const ROUND = 110;

const churn = serverSuite("five thousand connections");

churn("opened and dropped leave no descriptor, slot, deadline or count behind", async () => {
  const { server, port, clock } = await startServer(
    [
      ["/", Hello],
      ["/slow", Slow],
      ["/socket", Socket],
    ],
    { maxConnectionsPerAddress: 10_000, headTimeoutMs: 20_000, keepAliveTimeoutMs: 60_000 },
  );
  const { loop } = server;
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = { descriptors: descriptors(), wheel: loop.wheel.size, open: loop.stats().open };
  let total = 0;
  while (total < 5_000) {
    const sockets = Array.from({ length: ROUND }, (_, i) => {
      const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: false });
      socket.on("error", () => {});
      socket.once("connect", () => ways[i % ways.length]?.(socket));
      socket.resume();
      return new Promise<void>((resolve) => socket.once("close", () => resolve()));
    });
    total += ROUND;
    const silent = (2 * ROUND) / ways.length;
    const closed = Promise.all(sockets);
    await until(() => server.stats().accepted === total, "all of a round");
    await until(() => server.connectionCount === silent, "the end of what clients have dropped");
    // Those that say nothing, or half a head: time ends them.
    clock.advance(61_000);
    await closed;
  }
  await until(() => server.connectionCount === 0, "the end of all");
  await turns(5);
  const stats = server.stats();
  assert.is(stats.accepted, total);
  assert.equal(stats.connections, {
    open: 0,
    idle: 0,
    head: 0,
    busy: 0,
    websocket: 0,
    detached: 0,
    lingering: 0,
  });
  assert.is(stats.queuedBytes, 0);
  assert.is(loop.stats().queuedBytes, 0);
  assert.is(loop.stats().open, before.open);
  assert.is(loop.wheel.size, before.wheel);
  assert.is(descriptors(), before.descriptors);
  for (let slot = 0, owned = 0; slot < loop.slotCount; slot++) {
    if (loop.ownerOf(slot) !== undefined) owned++;
    assert.ok(owned <= 1, "only the listener is left");
  }
  assert.equal(logged("error"), []);
});

churn.run();
