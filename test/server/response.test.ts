/** Responses on the wire: framing by method, status and version, and what a handler's slips do to them. */
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const ask = (target: string, method = "GET"): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const old = (target: string, fields = ""): string => `GET ${target} HTTP/1.0\r\n${fields}\r\n`;

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }

  head() {
    this.write("hello");
  }
}

/** Flushes twice, then finishes: its length is not known when its head leaves. */
class Stream extends RequestHandler {
  async get() {
    this.write("one");
    await this.flush();
    this.write("two");
    await this.flush();
    this.write("three");
  }

  head() {
    return this.get();
  }
}

class NoContent extends RequestHandler {
  get() {
    this.setStatus(204);
  }
}

class NotModified extends RequestHandler {
  get() {
    this.setStatus(304);
  }
}

/** Says 42 bytes, writes 2. */
class TooShort extends RequestHandler {
  get() {
    this.setHeader("Content-Length", "42");
    this.write("ok");
  }
}

/** Says 2 bytes, writes 5. */
class TooLong extends RequestHandler {
  get() {
    this.setHeader("Content-Length", "2");
    this.write("hello");
  }
}

/** Says 6 bytes, streams 3, then 5. */
class StreamedTooLong extends RequestHandler {
  async get() {
    this.setHeader("Content-Length", "6");
    this.write("abc");
    await this.flush();
    this.write("defgh");
    await this.flush();
  }
}

/** Says 5 bytes and streams just those. */
class Declared extends RequestHandler {
  async get() {
    this.setHeader("Content-Length", "5");
    this.write("he");
    await this.flush();
    this.write("llo");
  }
}

class Empty extends RequestHandler {
  get() {}

  post() {}
}

class Large extends RequestHandler {
  get(length: string) {
    this.write(Buffer.alloc(Number(length), "x"));
  }
}

const routes: Parameters<typeof startServer>[0] = [
  ["/", Hello],
  ["/stream", Stream],
  ["/204", NoContent],
  ["/304", NotModified],
  ["/short", TooShort],
  ["/long", TooLong],
  ["/streamed-long", StreamedTooLong],
  ["/declared", Declared],
  ["/empty", Empty],
  ["/large/([0-9]+)", Large],
];

const t = serverSuite("a response");
t("has a status line, Server, Date, Content-Type, Etag and Content-Length", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const before = Math.floor(Date.now() / 1000) * 1000;
  const response = await client.get("/");
  assert.is(response.head.split("\r\n")[0], "HTTP/1.1 200 OK");
  assert.is(response.header("content-type"), "text/html; charset=UTF-8");
  assert.is(response.header("etag"), '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"');
  assert.is(response.header("content-length"), "5");
  assert.ok(response.header("server"));
  const date = response.header("date") ?? "";
  assert.match(
    date,
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT$/,
  );
  const time = Date.parse(date);
  assert.ok(time >= before - 2_000 && time <= Date.now(), date);
  assert.is(response.header("connection"), null);
});
t("of no bytes has Content-Length: 0", async () => {
  const { connect } = await startServer(routes);
  const response = await (await connect()).get("/empty");
  assert.is(response.status, 200);
  assert.is(response.header("content-length"), "0");
});
t("to HEAD has the length and no body", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(ask("/", "HEAD"));
  const response = await client.readResponse({ method: "HEAD" });
  assert.is(response.status, 200);
  assert.is(response.header("content-length"), "5");
  assert.is((await client.get("/")).text, "hello");
});
t("to HEAD that was flushed has neither body nor coding", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    await client.send(ask("/stream", "HEAD"));
    const response = await client.readResponse({ method: "HEAD" });
    assert.is(response.status, 200);
    assert.is(response.header("transfer-encoding"), null);
  }
  assert.is((await client.get("/")).text, "hello");
});
t("with 204 has neither body, length, coding nor type", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const response = await client.get("/204");
  assert.is(response.status, 204);
  for (const name of ["content-length", "transfer-encoding", "content-type"]) {
    assert.is(response.header(name), null, name);
  }
  assert.is((await client.get("/")).text, "hello");
});
t("with 304 has neither body, length, coding nor type", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const response = await client.get("/304");
  assert.is(response.status, 304);
  for (const name of ["content-length", "transfer-encoding", "content-type"]) {
    assert.is(response.header(name), null, name);
  }
  assert.is((await client.get("/")).text, "hello");
});
t("of unknown length is chunked, a chunk for each flush", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const response = await client.get("/stream");
  assert.is(response.framing, "chunked");
  assert.is(response.header("content-length"), null);
  assert.equal(response.chunks.map(String), ["one", "two", "three"]);
  assert.is((await client.get("/")).text, "hello");
});
t("of unknown length in HTTP/1.0 ends with the connection", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(old("/stream"));
  const response = await client.readResponse();
  assert.is(response.framing, "end of connection");
  assert.is(response.text, "onetwothree");
  await client.closed();
});
t("of unknown length in HTTP/1.0 ends with the connection that was to be kept", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(old("/stream", "Connection: keep-alive\r\n"));
  const response = await client.readResponse();
  assert.is(response.framing, "end of connection");
  assert.is(response.text, "onetwothree");
  assert.is.not(response.header("connection")?.toLowerCase(), "keep-alive");
  await client.closed();
});
t("to HTTP/1.0 says HTTP/1.1, its own version", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(old("/"));
  const response = await client.readResponse();
  assert.is(response.version, "HTTP/1.1");
  assert.is(response.header("content-length"), "5");
  await client.closed();
});
t("of declared length may be streamed", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const response = await client.get("/declared");
  assert.is(response.framing, "length");
  assert.is(response.text, "hello");
  assert.is((await client.get("/")).text, "hello");
});
for (const target of ["/short", "/long", "/streamed-long"]) {
  t(`${target} that breaks its declared length is never seen whole`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    await client.send(ask(target) + ask("/"));
    await client.gone();
    const text = client.unread;
    const length = Number(/content-length: ([0-9]+)/i.exec(text)?.[1] ?? "0");
    const sent = text.split("\r\n\r\n")[1]?.length ?? 0;
    const said500 = text.startsWith("HTTP/1.1 500 ");
    assert.ok(said500 || sent < length || (target === "/long" && text === ""), text);
    assert.is(text.indexOf("HTTP/1.1", 1), -1, "nothing may follow on the connection");
    assert.ok(loggedErrors().length >= 1);
  });
}
for (const length of [65_536, 1_000_000, 16_777_216]) {
  t(`of ${length} bytes arrives whole`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    const response = await client.get(`/large/${length}`);
    assert.is(response.header("content-length"), String(length));
    assert.is(response.body.length, length);
    assert.is(response.body.indexOf(0), -1);
    assert.is((await client.get("/")).text, "hello");
  });
}
t("arrives whole at a client that reads late", async () => {
  const { connect } = await startServer(routes);
  const client = await connect({ paused: true });
  await client.send(ask("/large/8388608") + ask("/"));
  await turns(20);
  client.resume();
  assert.is((await client.readResponse()).body.length, 8_388_608);
  assert.is((await client.readResponse()).text, "hello");
});
t("that is large and the last arrives whole before the end", async () => {
  const { connect } = await startServer(routes);
  const client = await connect({ paused: true });
  await client.send("GET /large/8388608 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await turns(20);
  client.resume();
  assert.is((await client.readResponse()).body.length, 8_388_608);
  await client.closed();
});
t("to many requests at once arrives on each connection", async () => {
  const { connect } = await startServer(routes);
  const texts = await Promise.all(
    Array.from({ length: 50 }, async () => (await (await connect()).get("/stream")).text),
  );
  assert.ok(texts.every((text) => text === "onetwothree"));
});
t.run();
