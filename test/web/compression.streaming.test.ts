/** Compression over time: long bodies off the loop's thread, streams, clients that leave, compressors that fail. */
import { AsyncLocalStorage } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import type { Transform } from "node:stream";
import zlib from "node:zlib";
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { type Deferred, deferred, until } from "../support/deferred.ts";
import { within } from "../support/rawclient.ts";
import { logged, loggedErrors, type Routes, serverSuite, startServer } from "../support/servers.ts";

const MiB = 1024 * 1024;
const long = Array.from({ length: (5 * MiB) / 8 }, (_, index) => `${index % 9973}`.padEnd(8)).join(
  "",
);
const middle = long.slice(0, 40_000);
const gzip = "Accept-Encoding: gzip\r\n";

/** What the handlers of a test did, in order. */
let events: string[] = [];
let gate: Deferred<void>;
/** The compressors that have been made. */
let made: Transform[] = [];
/** Makes compressors fail. */
let fails = false;

const { createGzip } = zlib;
Object.defineProperty(zlib, "createGzip", {
  configurable: true,
  value(options?: zlib.ZlibOptions) {
    const coder = createGzip(options);
    made.push(coder);
    if (fails) setImmediate(() => coder.destroy(new Error("a deliberate failure")));
    return coder;
  },
});
syncBuiltinESMExports();

class Watched extends RequestHandler {
  override onFinish() {
    events.push(`finished ${this.getStatus()}`);
  }
  override onConnectionClose() {
    events.push("closed");
  }
}

class Long extends Watched {
  get() {
    this.write(long);
  }
}

class Middle extends Watched {
  get() {
    this.write(middle);
  }
}

class Short extends Watched {
  get() {
    this.write("short");
  }
}

/** Flushes a hundred pieces and waits for none. */
class Impatient extends Watched {
  get() {
    for (let index = 0; index < 100; index++) {
      this.write(`piece ${index};`);
      void this.flush();
    }
    this.write("end");
  }
}

class Gated extends Watched {
  async get() {
    this.write("first ");
    await this.flush();
    events.push("flushed");
    await gate.promise;
    this.write("second");
  }
}

class Throwing extends Watched {
  async get() {
    this.write("first");
    const flushed = this.flush();
    if (this.getArgument("when") === "late") await flushed;
    throw new Error("deliberate");
  }
}

class Finishing extends Watched {
  async get() {
    const finished = this.finish(middle);
    events.push(`isFinished ${this.isFinished}`);
    try {
      this.write("more");
    } catch (error) {
      events.push((error as { code: string }).code);
    }
    await finished;
    events.push("settled");
  }
}

class Careless extends Watched {
  get() {
    this.finish(middle);
    throw new Error("deliberate");
  }
}

const store = new AsyncLocalStorage<string>();
class Contextual extends RequestHandler {
  override prepare() {
    store.enterWith("mine");
  }
  get() {
    this.write(middle);
  }
  override onFinish() {
    events.push(`context ${store.getStore()}`);
  }
}

const random = Buffer.alloc(256 * 1024);
for (let at = 0; at < random.length; at++) random[at] = Math.floor(Math.random() * 256);
/** Sends what cannot be compressed, for as long as the client reads. */
class Endless extends Watched {
  pieces = 0;
  async get() {
    try {
      for (; this.pieces < 2000; this.pieces++) {
        this.write(random);
        await this.flush();
        events = [`${this.pieces} pieces`];
      }
    } finally {
      events.push("done");
    }
  }
}

const routes: Routes = [
  ["/long", Long],
  ["/middle", Middle],
  ["/short", Short],
  ["/impatient", Impatient],
  ["/gated", Gated],
  ["/throwing", Throwing],
  ["/finishing", Finishing],
  ["/careless", Careless],
  ["/contextual", Contextual],
  ["/endless", Endless],
];

const start = () => startServer(routes, {}, { compressResponse: true });
const gunzip = (body: Buffer) => zlib.gunzipSync(body).toString();
const request = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n${gzip}\r\n`;
const allDestroyed = () => made.every((coder) => coder.destroyed);

function suiteOf(name: string) {
  const t = serverSuite(name);
  t.before.each(() => {
    events = [];
    made = [];
    fails = false;
    gate = deferred();
  });
  return t;
}

const large = suiteOf("a long body");
for (const coding of ["gzip", "br"]) {
  large(`is compressed as ${coding} while other requests are answered`, async () => {
    const { connect } = await start();
    const [client, other] = [await connect(), await connect()];
    let isThere = false;
    const response = client.get("/long", `Accept-Encoding: ${coding}\r\n`).then((got) => {
      isThere = true;
      return got;
    });
    for (let count = 0; count < 3; count++) assert.is((await other.get("/short")).text, "short");
    assert.not(isThere);
    const { body, framing } = await response;
    assert.is(framing, "length");
    const plain = coding === "gzip" ? zlib.gunzipSync(body) : zlib.brotliDecompressSync(body);
    assert.ok(plain.equals(Buffer.from(long)));
  });
}
large("leaves the connection open for the next request, and has its end logged once", async () => {
  const { connect } = await start();
  const client = await connect();
  for (let count = 0; count < 3; count++)
    assert.is(gunzip((await client.get("/middle", gzip)).body), middle);
  assert.equal(events, ["finished 200", "finished 200", "finished 200"]);
  assert.is(logged("info").filter(({ message }) => message.includes("/middle")).length, 3);
});
large("keeps its place among pipelined requests", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(["/long", "/short", "/impatient", "/middle", "/short"].map(request).join(""));
  assert.is(gunzip((await client.readResponse()).body), long);
  assert.is((await client.readResponse()).text, "short");
  assert.match(gunzip((await client.readResponse()).body), /^piece 0;.*end$/);
  assert.is(gunzip((await client.readResponse()).body), middle);
  assert.is((await client.readResponse()).text, "short");
});
large("may be asked for by many at once", async () => {
  const { connect } = await start();
  const clients = await Promise.all(Array.from({ length: 100 }, () => connect()));
  const responses = await Promise.all(clients.map((client) => client.get("/middle", gzip)));
  for (const { body } of responses) assert.is(gunzip(body), middle);
  await until(() => events.length === 100, "the end of all");
});
large("is finished when finish() settles, and nothing is written after it", async () => {
  const { connect } = await start();
  const { body } = await (await connect()).get("/finishing", gzip);
  assert.is(gunzip(body), middle);
  await until(() => events.length === 4, "the end");
  assert.equal(events, ["isFinished true", "ERR_HTTP_FINISHED", "finished 200", "settled"]);
});
large("is not taken back because its handler throws after finish()", async () => {
  const { connect } = await start();
  const { status, body } = await (await connect()).get("/careless", gzip);
  assert.is(status, 200);
  assert.is(gunzip(body), middle);
  await until(() => events.length > 0, "the end");
  assert.equal(events, ["finished 200"]);
  assert.is(loggedErrors().length, 1);
});
large("ends in the context of its handler", async () => {
  const { connect } = await start();
  await (await connect()).get("/contextual", gzip);
  await until(() => events.length > 0, "onFinish");
  assert.equal(events, ["context mine"]);
});
large("comes with its length and an end for HTTP/1.0", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(`GET /middle HTTP/1.0\r\n${gzip}\r\n`);
  const response = await client.readResponse();
  assert.is(response.framing, "length");
  assert.is(gunzip(response.body), middle);
  await client.closed();
});
large("is given up if the client leaves", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/long"));
  await until(() => made.length === 1, "a compressor");
  client.abort();
  await until(() => events.length === 1, "the end of the handler");
  assert.equal(events, ["finished 200"]);
  await until(allDestroyed, "the end of the compressor");
  assert.equal(loggedErrors(), []);
  assert.is((await (await connect()).get("/short")).text, "short");
});
large("is given up by those who wait, too", async () => {
  const { connect } = await start();
  const clients = await Promise.all(Array.from({ length: 30 }, () => connect()));
  for (const client of clients) void client.send(request("/long"));
  await until(() => made.length > 0, "a compressor");
  for (const client of clients) client.abort();
  await until(() => events.length === 30, "the end of the handlers");
  await until(allDestroyed, "the end of the compressors");
  assert.is(gunzip((await (await connect()).get("/middle", gzip)).body), middle);
});
large("gives way to an error page if its compressor fails", async () => {
  const { connect } = await start();
  const client = await connect();
  fails = true;
  const response = await client.get("/middle", gzip);
  assert.is(response.status, 500);
  assert.match(response.text, /500: Internal Server Error/);
  assert.is(response.header("content-encoding"), null);
  assert.equal(events, ["finished 500"]);
  assert.is(loggedErrors().length, 1);
  fails = false;
  assert.is(gunzip((await client.get("/middle", gzip)).body), middle);
});
large.run();

const stream = suiteOf("a stream");
stream("is compressed in order though nobody waits for flush()", async () => {
  const { connect } = await start();
  const response = await (await connect()).get("/impatient", gzip);
  const pieces = Array.from({ length: 100 }, (_, index) => `piece ${index};`);
  assert.is(gunzip(response.body), `${pieces.join("")}end`);
  // What was flushed meanwhile went on as one.
  assert.ok(response.chunks.length < 10);
});
stream("can be decoded as far as it has been flushed", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/gated"));
  await until(() => events.includes("flushed"), "a flush");
  const start_ = await client.receives(/\r\n\r\n[0-9a-f]+\r\n/);
  const bytes = Number.parseInt(/([0-9a-f]+)\r\n$/.exec(start_)?.[1] ?? "", 16);
  await until(() => client.unread.length >= bytes + 2, "the first chunk");
  const first = Buffer.from(client.unread.slice(0, bytes), "latin1");
  const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
  assert.is(zlib.gunzipSync(first, options).toString(), "first ");
  gate.resolve();
  await client.receives("\r\n0\r\n\r\n");
  await until(allDestroyed, "the end of the compressor");
});
stream("ends with the connection for HTTP/1.0", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(`GET /impatient HTTP/1.0\r\n${gzip}\r\n`);
  const response = await client.readResponse();
  assert.is(response.framing, "end of connection");
  assert.match(gunzip(response.body), /^piece 0;.*end$/);
});
stream("waits in flush() for a client that does not read, and ends when it leaves", async () => {
  const { connect } = await start();
  const client = await connect({ paused: true });
  await client.send(request("/endless"));
  await until(() => events.length > 0, "the first piece");
  let last = "";
  for (let quiet = 0; quiet < 30; quiet++) {
    await within(new Promise((resolve) => setImmediate(resolve)), "turn");
    const now = events.join();
    if (now !== last) quiet = 0;
    last = now;
  }
  assert.ok(Number.parseInt(last, 10) < 100, last);
  client.abort();
  await until(() => events.includes("done"), "the end of the handler");
  await until(allDestroyed, "the end of the compressor");
  assert.ok(events.includes("closed"));
});
stream("is given up if the client leaves between two pieces", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/gated"));
  await until(() => events.includes("flushed"), "a flush");
  client.abort();
  await until(() => events.includes("closed"), "the news");
  await until(allDestroyed, "the end of the compressor");
  gate.resolve();
  await until(() => events.includes("finished 200"), "the end of the handler");
  assert.equal(loggedErrors(), []);
});
stream("goes on to a client that has ended its own side", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/gated"));
  await until(() => events.includes("flushed"), "a flush");
  client.endSending();
  await until(() => events.includes("closed"), "the news");
  gate.resolve();
  assert.is(gunzip((await client.readResponse()).body), "first second");
});
stream("gives way to an error page as long as nothing of it has been sent", async () => {
  const { connect } = await start();
  const client = await connect();
  const response = await client.get("/throwing?when=early", gzip);
  assert.is(response.status, 500);
  assert.match(response.text, /500: Internal Server Error/);
  assert.equal(events, ["finished 500"]);
  await until(allDestroyed, "the end of the compressor");
  assert.is((await client.get("/short")).text, "short");
});
stream("is cut off if its handler fails later", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/throwing?when=late"));
  await client.gone();
  assert.not.match(client.unread, /\r\n0\r\n\r\n/);
  assert.equal(events, ["finished 200"]);
  await until(allDestroyed, "the end of the compressor");
});
stream("is cut off if its compressor fails after the head", async () => {
  const { connect } = await start();
  const client = await connect();
  await client.send(request("/gated"));
  await until(() => events.includes("flushed"), "a flush");
  made[0]?.destroy(new Error("a deliberate failure"));
  gate.resolve();
  await client.gone();
  assert.not.match(client.unread, /\r\n0\r\n\r\n/);
  await until(() => events.length === 2, "the end of the handler");
  assert.ok(loggedErrors().length >= 1);
});
stream.run();
