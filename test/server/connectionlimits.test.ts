/** maxConnections and maxConnectionsPerAddress: at, under and over; what over it means; what is remembered. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConnectionLimits, networkOf } from "../../lib/server/connectionlimits.ts";
import { RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import type { RawClient } from "../support/rawclient.ts";
import {
  logged,
  MINUTE_MS,
  type StartedServer,
  serverSuite,
  startServer,
} from "../support/servers.ts";
import { handshake, open as openPeer } from "../support/websockets.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Socket extends WebSocketHandler {
  override onMessage() {}
}

const ROUTES = [
  ["/", Hello],
  ["/socket", Socket],
] as const;

async function served(started: StartedServer): Promise<RawClient> {
  const client = await started.connect();
  assert.is((await client.get("/")).text, "hello");
  return client;
}

/** The server answers before it is asked. */
async function isRefused(client: RawClient): Promise<void> {
  const response = await client.readResponse();
  assert.is(response.status, 503);
  assert.is(response.header("retry-after"), "5");
  assert.is(response.header("connection"), "close");
  assert.is(response.text, "503 Service Unavailable: too many connections\n");
  await client.closed();
}

for (const option of ["maxConnections", "maxConnectionsPerAddress"] as const) {
  const t = serverSuite(option);

  t("serves as many connections as it says, and answers one more with 503", async () => {
    const started = await startServer(ROUTES, { [option]: 3 });
    const clients = [await served(started), await served(started), await served(started)];
    const fourth = await started.connect();
    await isRefused(fourth);
    for (const client of clients) assert.is((await client.get("/")).text, "hello");
    assert.is(started.server.stats().errors.overLimit, 1);
    assert.is(started.server.stats().errors.badRequests, 0);
  });

  t("serves another as soon as one has closed", async () => {
    const started = await startServer(ROUTES, { [option]: 2 });
    const first = await served(started);
    await served(started);
    const refused = await started.connect();
    await isRefused(refused);
    refused.destroy();
    first.destroy();
    await until(() => started.server.connectionCount === 1, "the end of two");
    await served(started);
  });

  t("ends connections at once when twice as many are open", async () => {
    const started = await startServer(ROUTES, { [option]: 2, lingerTimeoutMs: 60 * MINUTE_MS });
    await served(started);
    await served(started);
    // They were told, and have not closed yet.
    const third = await started.connect();
    await isRefused(third);
    const fourth = await started.connect();
    await isRefused(fourth);
    const fifth = await started.connect();
    await fifth.gone();
    assert.is(fifth.unread, "");
    assert.is(started.server.connectionCount, 4);
    assert.is(started.server.stats().errors.overLimit, 3);
    third.destroy();
    await until(() => started.server.connectionCount === 3, "the end of one");
    await isRefused(await started.connect());
  });

  t("gives those who were told lingerTimeoutMs to close", async () => {
    const started = await startServer(ROUTES, {
      [option]: 1,
      lingerTimeoutMs: 5 * MINUTE_MS,
      keepAliveTimeoutMs: 60 * MINUTE_MS,
    });
    await served(started);
    const refused = await started.connect();
    await isRefused(refused);
    started.clock.advance(4 * MINUTE_MS);
    assert.is(started.server.connectionCount, 2);
    started.clock.advance(MINUTE_MS + 1_000);
    await until(() => started.server.connectionCount === 1, "the end of the refused");
  });

  t("reads nothing of what those who are told send", async () => {
    const started = await startServer(ROUTES, { [option]: 1 });
    await served(started);
    const { requests } = started.server.stats();
    const refused = await started.connect();
    void refused.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await isRefused(refused);
    assert.is(started.server.stats().requests, requests);
  });

  t("counts WebSockets, as long as they are open", async () => {
    const started = await startServer(ROUTES, { [option]: 1 });
    const peer = await openPeer(started, "/socket");
    await isRefused(await started.connect());
    peer.client.destroy();
    await until(() => started.server.stats().connections.websocket === 0, "the WebSocket's end");
    // The refused one is told of until it closes: that is no place taken.
    const next = await started.connect();
    void next.send(handshake("/socket"));
    await next.receives("HTTP/1.1 101 ");
  });

  t("is logged once in a while, not each time", async () => {
    const started = await startServer(ROUTES, { [option]: 1 });
    await served(started);
    await isRefused(await started.connect());
    const cut = await started.connect();
    await cut.gone();
    const warnings = () => logged("warn").filter(({ message }) => message.startsWith("refused "));
    assert.is(warnings().length, 1);
    assert.match(warnings()[0]?.message ?? "", /^refused 1 connections: .*maxConnections/);
    started.clock.advance(10_000);
    const again = await started.connect();
    await again.gone();
    assert.is(warnings().length, 2);
    assert.match(warnings()[1]?.message ?? "", /^refused 2 connections/);
  });

  t.run();
}

const unlimited = serverSuite("without limits");
unlimited("all are served", async () => {
  const started = await startServer(ROUTES);
  await Promise.all(Array.from({ length: 50 }, () => served(started)));
  assert.is(started.server.stats().errors.overLimit, 0);
});
unlimited.run();

const counting = suite("ConnectionLimits");

counting("tells addresses apart, and forgets each with its last connection", () => {
  const limits = new ConnectionLimits({ maxConnections: null, maxConnectionsPerAddress: 2 });
  assert.is(limits.admit(1, "10.0.0.1"), "served");
  assert.is(limits.admit(2, "10.0.0.1"), "served");
  assert.is(limits.admit(3, "10.0.0.1"), "refused");
  assert.is(limits.admit(4, "10.0.0.2"), "served");
  assert.is(limits.addressCount, 2);
  limits.release(4);
  assert.is(limits.addressCount, 1);
  limits.release(4);
  for (const slot of [1, 2, 3]) limits.release(slot);
  assert.is(limits.addressCount, 0);
  assert.is(limits.admit(1, "10.0.0.1"), "served");
});

counting("remembers nothing of those it cuts off", () => {
  const limits = new ConnectionLimits({ maxConnections: 1, maxConnectionsPerAddress: 1 });
  assert.is(limits.admit(1, "10.0.0.1"), "served");
  assert.is(limits.admit(2, "10.0.0.2"), "refused");
  for (let i = 0; i < 1_000; i++) assert.is(limits.admit(3 + i, `10.0.1.${i}`), "cut off");
  assert.is(limits.addressCount, 2);
});

counting("has no address of Unix sockets: they count in all, and not by address", () => {
  const limits = new ConnectionLimits({ maxConnections: 3, maxConnectionsPerAddress: 1 });
  for (const slot of [1, 2, 3]) assert.is(limits.admit(slot, null), "served");
  assert.is(limits.admit(4, null), "refused");
  assert.is(limits.addressCount, 0);
});

counting("takes an IPv6 address for its first 64 bits", () => {
  for (const [ip, network] of [
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["192.0.2.7", "192.0.2.7"],
  ]) {
    assert.is(networkOf(ip ?? ""), network);
  }
});

counting.run();
