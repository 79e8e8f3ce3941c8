/** Handlers that take their requests' bodies in pieces: order, back-pressure, early answers, limits, clients that go away. */
import * as assert from "uvu/assert";
import { HTTPError, RequestHandler, streamRequestBody } from "../../lib/index.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";

/** Writes down what is called, and whether one dataReceived() was called inside another. */
class Flow extends RequestHandler {
  static override readonly streamRequestBody = true;
  readonly #events: string[] = [];
  #isBusy = false;
  bytes = 0;

  override async prepare() {
    await null;
    this.#events.push("prepare");
  }
  override async dataReceived(piece: Buffer) {
    if (this.#isBusy) this.#events.push("OVERLAP");
    this.#isBusy = true;
    this.#events.push("data");
    this.bytes += piece.length;
    await new Promise((resolve) => setImmediate(resolve));
    this.#isBusy = false;
  }
  post() {
    this.#events.push("post");
    this.write({ v: this.#events, bytes: this.bytes, path: this.pathArgs });
  }
}

class Early extends RequestHandler {
  static override readonly streamRequestBody = true;
  override prepare() {
    throw new HTTPError(401);
  }
}

@streamRequestBody
class Limited extends RequestHandler {
  received = 0;
  override async prepare() {
    await null;
    const limit = this.getQueryArgument("max", null);
    if (limit !== null) this.setMaxBodySize(Number(limit));
    const ms = this.getQueryArgument("ms", null);
    if (ms !== null) this.setBodyTimeoutMs(Number(ms));
  }
  override dataReceived(piece: Buffer) {
    this.received += piece.length;
  }
  put() {
    this.write(String(this.received));
  }
}

class Throws extends RequestHandler {
  static override readonly streamRequestBody = true;
  override dataReceived() {
    throw new HTTPError(422);
  }
}

class Forgot extends RequestHandler {
  static override readonly streamRequestBody = true;
  post() {
    this.write("no body");
  }
}

let closed: Deferred<string>;
class Watching extends RequestHandler {
  static override readonly streamRequestBody = true;
  override dataReceived() {}
  override onConnectionClose() {
    closed.resolve(String(this.signal.aborted));
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/sflow/?(.*)", Flow],
  ["/early", Early],
  ["/slim", Limited],
  ["/throws", Throws],
  ["/forgot", Forgot],
  ["/watch", Watching],
];

function post(path: string, length: number, fields = ""): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${length}\r\n\r\n`;
}

const streaming = serverSuite("a handler with a streamed body");
streaming("gets pieces of chunkBytes after prepare(), one at a time, then its verb", async () => {
  const { connect } = await startServer(routes, { chunkBytes: 16 });
  const client = await connect();
  await client.send(`${post("/sflow/x", 40)}${"z".repeat(40)}`);
  const { v, bytes, path } = JSON.parse((await client.readResponse()).text);
  assert.equal(v, ["prepare", "data", "data", "data", "post"]);
  assert.is(bytes, 40);
  assert.equal(path, ["x"]);
});
streaming("gets chunks, and the next request of the connection", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const head = "POST /sflow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  await client.send(`${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n${post("/sflow", 1)}x`);
  assert.is(JSON.parse((await client.readResponse()).text).bytes, 5);
  assert.is(JSON.parse((await client.readResponse()).text).bytes, 1);
});
streaming("may answer in prepare(): the connection is closed after it", async () => {
  const { connect } = await startServer(routes);
  for (const body of ["", "4\r\nasdf\r\n"]) {
    const client = await connect();
    await client.send(
      `POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`,
    );
    assert.is((await client.readResponse()).status, 401);
    client.endSending();
    await client.closed();
  }
});
streaming("may allow its request more bytes, or fewer", async () => {
  const { connect } = await startServer(routes, { maxBodyBytes: 100 });
  const put = (query: string) =>
    `PUT /slim?${query} HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n${"x".repeat(200)}`;
  const more = await connect();
  await more.send(put("max=200"));
  assert.is((await more.readResponse()).text, "200");
  for (const query of ["", "max=199"]) {
    const fewer = await connect();
    await fewer.send(put(query));
    assert.is((await fewer.readResponse()).status, 413);
  }
});
streaming("may allow its request less time", async () => {
  const { connect, clock } = await startServer(routes);
  const client = await connect();
  await client.send("PUT /slim?ms=100 HTTP/1.0\r\nContent-Length: 42\r\n\r\n");
  while (!client.unread.includes("408")) {
    clock.advance(200);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.is((await client.readResponse()).status, 408);
});
streaming("answers with what dataReceived() throws", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(`${post("/throws", 3)}abc`);
  assert.is((await client.readResponse()).status, 422);
});
streaming("needs dataReceived(), and says so", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(`${post("/forgot", 3)}abc`);
  assert.is((await client.readResponse()).status, 500);
  assert.ok(logged("warn").some(({ message }) => message.includes("dataReceived(piece)")));
});
streaming("is an ordinary handler for a request without a body", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(post("/forgot", 0));
  assert.is((await client.readResponse()).text, "no body");
});
for (const [how, rest] of [
  ["goes away", null],
  ["sends a malformed chunk", "zz\r\n"],
] as const) {
  streaming(`is told once when its client ${how}`, async () => {
    closed = deferred();
    const { connect } = await startServer(routes);
    const client = await connect();
    await client.send("POST /watch HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.send("2\r\nab\r\n");
    if (rest === null) client.abort();
    else await client.send(rest);
    assert.is(await closed.promise, "true");
    if (rest !== null) assert.is((await client.readResponse()).status, 400);
  });
}
streaming.run();
