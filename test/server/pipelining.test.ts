/** Requests sent without waiting for answers: order, bounds and what a slow handler does to them. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred, until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

const ask = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

let gate: Deferred<void> = deferred();
let asked: string[] = [];

/** Writes its argument, at once. */
class Quick extends RequestHandler {
  get(id: string) {
    asked.push(id);
    this.write(id);
  }
}

/** Writes its argument when the gate opens. */
class Slow extends RequestHandler {
  async get(id: string) {
    asked.push(id);
    await gate.promise;
    this.write(id);
  }
}

/** Writes its argument after some turns of the loop, fewer for greater numbers. */
class Later extends RequestHandler {
  async get(id: string) {
    await turns(20 - Number(id));
    this.write(id);
  }
}

/** Streams its argument five times. */
class Stream extends RequestHandler {
  async get(id: string) {
    for (let i = 0; i < 5; i++) {
      this.write(id);
      await this.flush();
      await turns(1);
    }
  }
}

/** Throws. */
class Bad extends RequestHandler {
  async get() {
    await turns(1);
    throw new Error("deliberate");
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/quick/(.*)", Quick],
  ["/slow/(.*)", Slow],
  ["/later/(.*)", Later],
  ["/stream/(.*)", Stream],
  ["/bad", Bad],
];

const pipelined = serverSuite("pipelined requests");
pipelined.before.each(() => {
  gate = deferred();
  asked = [];
});

pipelined("are answered in order, the slow ones first", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/slow/a") + ask("/quick/b") + ask("/quick/c"));
  await turns(5);
  assert.is(client.unread, "");
  gate.resolve();
  const texts = [];
  for (let i = 0; i < 3; i++) texts.push((await client.readResponse()).text);
  assert.equal(texts, ["a", "b", "c"]);
});
pipelined("are answered in order when later ones would be done sooner", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(Array.from({ length: 20 }, (_, i) => ask(`/later/${i}`)).join(""));
  for (let i = 0; i < 20; i++) assert.is((await client.readResponse()).text, String(i));
});
pipelined("are answered in order around streamed answers", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/stream/a") + ask("/quick/b") + ask("/stream/c") + ask("/quick/d"));
  const texts = [];
  for (let i = 0; i < 4; i++) texts.push((await client.readResponse()).text);
  assert.equal(texts, ["aaaaa", "b", "ccccc", "d"]);
});
pipelined("are answered in order around one that fails", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/quick/a") + ask("/bad") + ask("/quick/b"));
  assert.is((await client.readResponse()).text, "a");
  assert.is((await client.readResponse()).status, 500);
  assert.is((await client.readResponse()).text, "b");
});
pipelined("are not begun before the one ahead is answered", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/slow/a") + ask("/slow/b") + ask("/quick/c"));
  await until(() => asked.length > 0, "first request");
  await turns(5);
  assert.equal(asked, ["a"]);
  gate.resolve();
  for (let i = 0; i < 3; i++) await client.readResponse();
  assert.equal(asked, ["a", "b", "c"]);
});
pipelined("do not hold up another connection", async () => {
  const { connect } = await startServer(routes);
  const [first, second] = [await connect(), await connect()];
  await first.send(ask("/slow/a") + ask("/quick/b"));
  await turns(3);
  assert.is((await second.get("/quick/c")).text, "c");
  gate.resolve();
  assert.is((await first.readResponse()).text, "a");
  assert.is((await first.readResponse()).text, "b");
});
pipelined("are answered as far as they go when the client ends its side", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/slow/a") + ask("/quick/b"));
  client.endSending();
  await turns(5);
  gate.resolve();
  assert.is((await client.readResponse()).text, "a");
  assert.is((await client.readResponse()).text, "b");
  await client.closed();
});
pipelined("ahead of a refused one are answered before the refusal", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(`${ask("/slow/a")}${ask("/quick/b")}GET / HTTP/1.1\r\n\r\n${ask("/quick/c")}`);
  await turns(5);
  assert.is(client.unread, "");
  gate.resolve();
  assert.is((await client.readResponse()).text, "a");
  assert.is((await client.readResponse()).text, "b");
  assert.is((await client.readResponse()).status, 400);
  await client.closed();
  assert.equal(asked, ["a", "b"]);
});
pipelined("behind one that closes are never begun", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const closing = "GET /slow/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  await client.send(closing + ask("/quick/b"));
  await turns(5);
  gate.resolve();
  assert.is((await client.readResponse()).text, "a");
  await client.closed();
  assert.equal(asked, ["a"]);
});
pipelined("with bodies keep to their bodies", async () => {
  class Echo extends RequestHandler {
    async post() {
      await turns(2);
      this.write(this.request.body.toString());
    }
  }
  const { connect } = await startServer([["/", Echo]]);
  const client = await connect();
  const bodies = ["", "a", "bb".repeat(3_000), "", "c".repeat(70_000), "d"];
  for (const body of bodies) {
    void client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  }
  for (const body of bodies) assert.is((await client.readResponse()).text, body);
});

for (const count of [3, 4, 5, 200]) {
  pipelined(`are all answered when ${count} come and maxPipelined is 4`, async () => {
    const { connect } = await startServer(routes, { maxPipelined: 4 });
    const client = await connect();
    await client.send(Array.from({ length: count }, (_, i) => ask(`/slow/${i}`)).join(""));
    await until(() => asked.length > 0, "the first request");
    await turns(10);
    assert.equal(asked, ["0"]);
    gate.resolve();
    for (let i = 0; i < count; i++) assert.is((await client.readResponse()).text, String(i));
    assert.is((await client.get("/quick/end")).text, "end");
  });
}
pipelined("without end are not read while a handler is busy", async () => {
  const { connect } = await startServer(routes, { maxPipelined: 8 });
  const client = await connect();
  const flood = Buffer.from(ask("/quick/x").repeat(20_000), "latin1");
  await client.send(ask("/slow/a"));
  await until(() => asked.length === 1, "the slow request");
  for (let i = 0; i < 64; i++) void client.send(flood); // 46 MB
  let taken = -1;
  while (taken !== client.sentBytes) {
    taken = client.sentBytes;
    await turns(200);
  }
  // What the kernel's buffers hold and no more: the server has stopped reading.
  assert.ok(taken < 24 * 1024 * 1024, `the server has read ${taken} bytes`);
  assert.equal(asked, ["a"]);
  client.abort();
});
pipelined.run();
