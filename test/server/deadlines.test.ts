/**
 * The deadlines of a connection, driven by the loop's clock: a head or body that is too slow, an answer
 * that is not read. (An idle kept-alive connection: keepalive.test.ts.)
 */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { vectorRoutes } from "../support/vectorapp.ts";
import { assertRefusal } from "../support/vectorrunner.ts";

const HALF_HEAD = "GET / HTTP/1.1\r\nHost: a\r\n";
const POST = "POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";

const head = serverSuite("headTimeoutMs");
head("refuses half a head with 408", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { headTimeoutMs: 5_000 });
  const client = await connect();
  await client.send(HALF_HEAD);
  await turns(3);

  clock.advance(4_000);
  await client.staysOpen();
  clock.advance(2_500); // late by one tick of the wheel at most
  const response = await client.readResponse();
  assert.is(response.status, 408);
  assertRefusal(response);
  await client.closed();
});
head("is not put off by a byte now and then", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { headTimeoutMs: 5_000 });
  const client = await connect();
  await client.send(HALF_HEAD);
  await turns(3);
  for (let i = 0; i < 8 && client.unread === ""; i++) {
    void client.send("X");
    await turns(3);
    clock.advance(1_000);
    await turns(3);
  }
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
head("counts for a second request of a connection too", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { headTimeoutMs: 5_000 });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  await client.send(HALF_HEAD);
  await turns(3);
  clock.advance(4_000);
  await client.staysOpen();
  clock.advance(2_500);
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});
head("leaves alone a head that is ended in time", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { headTimeoutMs: 5_000 });
  const client = await connect();
  await client.send(HALF_HEAD);
  await turns(3);
  clock.advance(4_000);
  await client.send("\r\n");
  assert.is((await client.readResponse()).text, "hello");
  clock.advance(20_000);
  await client.staysOpen();
});
head("closes a connection on which nothing ever came", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    headTimeoutMs: 5_000,
    keepAliveTimeoutMs: 5_000,
  });
  const client = await connect();
  await client.staysOpen();
  clock.advance(7_000);
  const said = (await client.readToEnd()).toString("latin1");
  assert.ok(said === "" || said.startsWith("HTTP/1.1 408 "), said);
});
head.run();

const idle = serverSuite("idleConnectionTimeoutMs");
idle("is keepAliveTimeoutMs under Tornado's name, and wins over it", async () => {
  const { connect, clock } = await startServer(vectorRoutes, {
    keepAliveTimeoutMs: 60_000,
    idleConnectionTimeoutMs: 5_000,
  });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  clock.advance(4_000);
  await client.staysOpen();
  clock.advance(2_000);
  await client.closed();
});
idle.run();

const body = serverSuite("bodyTimeoutMs");
body("refuses a body that does not come with 408", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { bodyTimeoutMs: 5_000 });
  const client = await connect();
  await client.send(POST);
  await turns(3);
  clock.advance(4_000);
  await client.staysOpen();
  clock.advance(2_500);
  const response = await client.readResponse();
  assert.is(response.status, 408);
  assertRefusal(response);
  await client.closed();
});
body("refuses chunks that do not come with 408", async () => {
  const { connect, clock } = await startServer(vectorRoutes, { bodyTimeoutMs: 5_000 });
  const client = await connect();
  await client.send("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  await turns(3);
  clock.advance(7_000);
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
  let answer = (): void => {};
  class Slow extends RequestHandler {
    async post() {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      this.write("late");
    }
  }
  const { connect, clock } = await startServer([["/", Slow]], {
    bodyTimeoutMs: 5_000,
    headTimeoutMs: 5_000,
    keepAliveTimeoutMs: 5_000,
    writeStallTimeoutMs: 5_000,
  });
  const client = await connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  await turns(3);
  clock.advance(60_000);
  await client.staysOpen();
  answer();
  assert.is((await client.readResponse()).text, "late");
});
body.run();

const LARGE = 32 * 1024 * 1024;
let closes = 0;
let flushes = 0;

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
      flushes++;
    }
  }

  override onConnectionClose() {
    closes++;
  }
}

/** Waits until nothing more is taken off the server: the kernel's buffers are full. */
async function stalled(): Promise<void> {
  let before = -1;
  while (before !== flushes) {
    before = flushes;
    await turns(100);
  }
}

const stall = serverSuite("writeStallTimeoutMs");
stall.before.each(() => {
  closes = flushes = 0;
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
    const { connect, clock } = await startServer(routes, { writeStallTimeoutMs: 5_000 });
    const client = await connect({ paused: true });
    await client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    await stalled();
    clock.advance(4_000);
    await turns(4);
    assert.is((await (await connect()).get("/")).text, "hello", "others are served meanwhile");
    clock.advance(2_500);
    await turns(4);
    client.resume();
    await client.gone();
    assert.ok(client.unread.length < LARGE);
  });
}
stall("leaves alone a client that reads now and then", async () => {
  const { connect, clock } = await startServer([["/", Large]], { writeStallTimeoutMs: 5_000 });
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await turns(10);
  for (let i = 0; i < 8; i++) {
    const before = client.unread.length;
    client.resume();
    await until(() => client.unread.length > before + 2_000_000, "2 MB read");
    client.pause();
    await turns(4);
    clock.advance(3_000);
  }
  client.resume();
  assert.is((await client.readResponse()).body.length, LARGE);
});
stall("tells a handler that waits on flush() once", async () => {
  const { connect, clock } = await startServer([["/", Stream]], { writeStallTimeoutMs: 5_000 });
  const client = await connect({ paused: true });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await stalled();
  clock.advance(4_000);
  await turns(10);
  assert.is(closes, 0);
  clock.advance(2_500);
  await until(() => closes > 0, "onConnectionClose");
  await turns(10);
  assert.is(closes, 1);
});
stall.run();
