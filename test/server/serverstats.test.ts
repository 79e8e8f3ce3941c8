/** server.stats(): what is counted, and as what; and whose fault the end of a connection was. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import type { Exchange } from "../../lib/server/exchange.ts";
import { ServerCounters } from "../../lib/server/servercounters.ts";
import { HTTPServer, RequestHandler, WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";
import { open as openPeer } from "../support/websockets.ts";
import { serving } from "./serving.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Socket extends WebSocketHandler {
  override onMessage() {}
}

const t = serverSuite("server.stats()");

t("is plain JSON, of zeros at the beginning", () => {
  const stats = new HTTPServer(() => {}).stats();
  assert.equal(JSON.parse(JSON.stringify(stats)), stats);
  assert.is(stats.requests + stats.accepted + stats.queuedBytes, 0);
  assert.equal(
    Object.values(stats.connections),
    Object.values(stats.connections).map(() => 0),
  );
  assert.equal(
    Object.values(stats.errors),
    Object.values(stats.errors).map(() => 0),
  );
});

t("counts requests, also those behind one that is not answered yet", async () => {
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
      this.write("slow");
    }
  }
  const { server, connect } = await startServer([
    ["/", Hello],
    ["/slow", Slow],
  ]);
  const client = await connect();
  await client.get("/");
  await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => server.stats().requests === 3, "three requests");
  gate.resolve();
  assert.is((await client.readResponse()).text, "slow");
  assert.is((await client.readResponse()).text, "hello");
  assert.is(server.stats().accepted, 1);
});

t("tells what each connection is doing", async () => {
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
      this.write("slow");
    }
  }
  const started = await startServer([
    ["/", Hello],
    ["/slow", Slow],
    ["/socket", Socket],
  ]);
  const { server, connect } = started;
  const idle = await connect();
  await idle.get("/");
  await (await connect()).send("GET / HT");
  const busy = await connect();
  await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  const lingering = await connect();
  await lingering.send("nonsense\r\n\r\n");
  await lingering.readResponse();
  const peer = await openPeer(started, "/socket");
  await until(() => server.stats().connections.busy === 1, "a busy connection");
  await until(() => server.stats().connections.head === 1, "half a head");
  assert.equal(server.stats().connections, {
    open: 5,
    idle: 1,
    head: 1,
    busy: 1,
    websocket: 1,
    detached: 0,
    lingering: 1,
  });
  gate.resolve();
  await busy.readResponse();
  assert.is(server.stats().connections.busy, 0);
  assert.is(server.stats().connections.idle, 2);
  peer.client.destroy();
  lingering.destroy();
  await until(() => server.stats().connections.open === 3, "the end of two");
});

t("counts bytes that a client does not take", async () => {
  class Large extends RequestHandler {
    get() {
      this.write(Buffer.alloc(32 * 1024 * 1024));
    }
  }
  const { server, connect } = await startServer([["/", Large]]);
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => server.stats().queuedBytes > 1024 * 1024, "bytes in the queue");
  client.abort();
  await until(() => server.stats().queuedBytes === 0, "an empty queue");
});

t("counts errors by kind", async () => {
  const { server, connect, clock } = await startServer([["/", Hello]], {
    headTimeoutMs: 5_000,
    bodyTimeoutMs: 5_000,
  });
  const bad = await connect();
  await bad.send("GET / HTTP/1.1\r\n\r\n");
  assert.is((await bad.readResponse()).status, 400);
  const head = await connect();
  await head.send("GET / HTTP/1.1\r\n");
  const body = await connect();
  await body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
  await until(() => {
    const { connections } = server.stats();
    return connections.head === 1 && connections.busy === 1;
  }, "half a head and a body");
  clock.advance(6_000);
  assert.is((await head.readResponse()).status, 408);
  assert.is((await body.readResponse()).status, 408);
  const broken = await connect();
  await broken.get("/");
  broken.abort();
  await until(() => server.stats().errors.resets === 1, "a reset");
  const { errors } = server.stats();
  assert.is(errors.badRequests, 1);
  assert.is(errors.headTimeouts, 1);
  assert.is(errors.bodyTimeouts, 1);
  assert.is(errors.failures, 0);
  assert.ok(logged("info").some(({ message }) => message.includes("ECONNRESET")));
  assert.equal(
    logged("warn").filter(({ message }) => message.includes("fault")),
    [],
  );
});

t("counts a dispatcher that throws", async () => {
  const dispatcher = {
    startRequest: (_exchange: unknown) => {
      throw new Error("of the dispatcher");
    },
  };
  await serving(dispatcher, {}, async ({ server, connect }) => {
    const client = await connect();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.gone();
    assert.is(server.stats().errors.exceptions, 1);
  });
});

t("counts a file that is shorter than was said as a fault of ours", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  const file = path.join(folder, "short");
  writeFileSync(file, "0123456789");
  const fd = openSync(file, "r");
  try {
    const dispatcher = {
      startRequest(exchange: Exchange) {
        exchange.sendHead(200, "OK", "", 100);
        exchange.writeFile(fd, 0, 100);
        exchange.finish();
      },
    };
    await serving(dispatcher, {}, async ({ server, connect }) => {
      const client = await connect();
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await client.gone();
      await until(() => server.connectionCount === 0, "the end of the connection");
      assert.is(server.stats().errors.failures, 1);
      assert.ok(logged("warn").some(({ message }) => /ENODATA.*become shorter/.test(message)));
    });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

t("tells faults of clients, logged at info, from ours, logged as warnings", () => {
  const counters = new ServerCounters();
  const { ECONNRESET, EPIPE, ETIMEDOUT, EMFILE, ENODATA } = {
    ECONNRESET: 104,
    EPIPE: 32,
    ETIMEDOUT: 110,
    EMFILE: 24,
    ENODATA: 61,
  };
  for (const errno of [ECONNRESET, EPIPE, ETIMEDOUT]) counters.countClose(errno);
  for (const errno of [EMFILE, ENODATA, 4_000]) counters.countClose(errno);
  assert.is(counters.errors.resets, 3);
  assert.is(counters.errors.failures, 3);
  const warnings = logged("warn").map(({ message }) => message);
  assert.match(warnings[0] ?? "", /EMFILE.*ulimit -n/);
  assert.match(warnings[1] ?? "", /ENODATA.*become shorter/);
  assert.match(warnings[2] ?? "", /4000/);
});

t.run();
