/**
 * The deadlines of a connection, driven by the loop's clock: a head or body that is too slow, an answer
 * that is not read. (An idle kept-alive connection: keepalive.test.ts.)
 */
import * as assert from "uvu/assert";
import { type HTTPServer, IOLoop, RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { MINUTE_MS, serverSuite, startServer, untilStalled } from "../support/servers.ts";
import { vectorRoutes } from "../support/vectorapp.ts";
import { assertRefusal } from "../support/vectorrunner.ts";

const HALF_HEAD = "GET / HTTP/1.1\r\nHost: a\r\n";
const POST = "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";

/** Waits until the server has read so much of a request that its deadline runs. */
async function hasBegun(server: HTTPServer, what: "head" | "busy"): Promise<void> {
  await until(() => server.stats().connections[what] === 1, "a request that has begun");
}

const head = serverSuite("headTimeoutMs");
head("refuses half a head with 408", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(HALF_HEAD);
  await hasBegun(server, "head");

  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000); // late by one tick of the wheel at most
  const response = await client.readResponse();
  assert.is(response.status, 408);
  assertRefusal(response);
  await client.closed();
});
head("is not put off by a byte now and then", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(HALF_HEAD);
  await hasBegun(server, "head");
  for (let i = 0; i < 8 && client.unread === ""; i++) {
    void client.send("X");
    await turns(3);
    clock.advance(MINUTE_MS);
    await turns(3);
  }
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
head("counts for a second request of a connection too", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  await client.send(HALF_HEAD);
  await hasBegun(server, "head");
  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
head("leaves alone a head that is ended in time", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5 * MINUTE_MS,
    keepAliveTimeoutMs: 60 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(HALF_HEAD);
  await hasBegun(server, "head");
  clock.advance(4 * MINUTE_MS);
  await client.send("\r\n");
  assert.is((await client.readResponse()).text, "hello");
  clock.advance(20 * MINUTE_MS);
  await client.staysOpen();
});
head("closes a connection on which nothing ever came", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5 * MINUTE_MS,
    keepAliveTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.staysOpen();
  clock.advance(7 * MINUTE_MS);
  const said = (await client.readToEnd()).toString("latin1");
  assert.ok(said === "" || said.startsWith("HTTP/1.1 408 "), said);
});
head.run();

const idle = serverSuite("idleConnectionTimeoutMs");
idle("is keepAliveTimeoutMs under Tornado's name, and wins over it", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    keepAliveTimeoutMs: 60 * MINUTE_MS,
    idleConnectionTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(2 * MINUTE_MS);
  await client.closed();
});
idle.run();

const body = serverSuite("bodyTimeoutMs");
body("refuses a body that does not come with 408", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    bodyTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(POST);
  await hasBegun(server, "busy");
  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  const response = await client.readResponse();
  assert.is(response.status, 408);
  assertRefusal(response);
  await client.closed();
});
body("refuses chunks that do not come with 408", async () => {
  const { server, connect, clock } = await startServer(vectorRoutes, {
    bodyTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  await hasBegun(server, "busy");
  clock.advance(7 * MINUTE_MS);
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
body("is not put off by less than minBodyBytesPerSecond", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    bodyTimeoutMs: 5_000,
    minBodyBytesPerSecond: 500,
  });
  const client = await connect();
  await client.send(POST);
  for (let i = 0; i < 40 && client.unread === ""; i++) {
    void client.send("x");
    await turns(3);
    clock.advance(1_000);
    await turns(3);
  }
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
body("leaves alone a long body that comes fast enough", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    bodyTimeoutMs: 5_000,
    minBodyBytesPerSecond: 500,
  });
  const client = await connect();
  await client.send(POST);
  for (let i = 0; i < 50; i++) {
    await client.send("x".repeat(2_000));
    await turns(3);
    clock.advance(1_000);
  }
  assert.is((await client.readResponse()).body.length, "100000:".length + 100_000);
  await client.staysOpen();
});
body("does not count for the handler that answers", async () => {
  const begun = deferred();
  const gate = deferred();
  class Slow extends RequestHandler {
    async post() {
      begun.resolve();
      await gate.promise;
      this.write("late");
    }
  }
  const { connect, clock } = await startServer([["/", Slow]], {
    bodyTimeoutMs: 5 * MINUTE_MS,
    headTimeoutMs: 5 * MINUTE_MS,
    keepAliveTimeoutMs: 5 * MINUTE_MS,
    writeStallTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  await begun.promise;
  clock.advance(60 * MINUTE_MS);
  await client.staysOpen();
  gate.resolve();
  assert.is((await client.readResponse()).text, "late");
});
body.run();

const LARGE = 32 * 1024 * 1024;
let closes = 0;

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Large extends RequestHandler {
  get() {
    this.write(Buffer.alloc(LARGE, "x"));
  }

  override onConnectionClose() {
    closes++;
  }
}

class Stream extends RequestHandler {
  async get() {
    for (let i = 0; i < 512; i++) {
      this.write(Buffer.alloc(65_536, "x"));
      await this.flush();
    }
  }

  override onConnectionClose() {
    closes++;
  }
}

/** What waits for the kernel to take it. */
function queuedBytes(): number {
  return IOLoop.current().stats().queuedBytes;
}

const stall = serverSuite("writeStallTimeoutMs");
stall.before.each(() => {
  closes = 0;
});
for (const [what, handler] of [
  ["an answer", Large],
  ["a streamed answer", Stream],
] as const) {
  stall(`breaks the connection of a client that does not read ${what}`, async () => {
    const routes: Parameters<typeof startServer>[0] = [
      ["/", Hello],
      ["/large", handler],
    ];
    const { connect, clock } = await startServer(routes, { writeStallTimeoutMs: 5 * MINUTE_MS });
    const client = await connect({ paused: true });
    await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    await untilStalled();
    clock.advance(4 * MINUTE_MS);
    await turns(4);
    assert.is((await (await connect()).get("/")).text, "hello", "others are served meanwhile");
    clock.advance(MINUTE_MS + 1_000);
    await turns(4);
    client.resume();
    await client.gone();
    assert.ok(client.unread.length < LARGE);
  });
}
stall("leaves alone a client that reads now and then", async () => {
  const { connect, clock } = await startServer([["/", Large]], {
    writeStallTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await untilStalled();
  let reads = 0;
  for (; queuedBytes() > 8_000_000; reads++) {
    const before = queuedBytes();
    client.resume();
    await until(() => queuedBytes() < before - 1_000_000, "a MB read");
    client.pause();
    await untilStalled();
    clock.advance(3 * MINUTE_MS);
  }
  assert.ok(reads >= 2, "for longer than writeStallTimeoutMs");
  client.resume();
  assert.is((await client.readResponse()).body.length, LARGE);
});
stall("tells a handler that waits on flush() once", async () => {
  const { connect, clock } = await startServer([["/", Stream]], {
    writeStallTimeoutMs: 5 * MINUTE_MS,
  });
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await untilStalled();
  clock.advance(4 * MINUTE_MS);
  await turns(10);
  assert.is(closes, 0);
  clock.advance(MINUTE_MS + 1_000);
  await until(() => closes > 0, "onConnectionClose");
  await turns(10);
  assert.is(closes, 1);
});
stall.run();
