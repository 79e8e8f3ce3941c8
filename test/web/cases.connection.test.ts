/** Known requests and the answers they must get, byte for byte: the connection, framing and timing, cases 1 to 53. */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { deferred } from "../support/deferred.ts";
import { serverSuite } from "../support/servers.ts";
import { get, HOST, serving } from "../support/wire.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

class Header extends RequestHandler {
  get() {
    this.write({ v: this.request.headers.get(this.getArgument("n")) });
  }
}

class Body extends RequestHandler {
  post() {
    const { body } = this.request;
    this.write(`${body.length}:${createHash("sha1").update(body).digest("hex").slice(0, 8)}`);
  }

  put() {
    this.post();
  }
}

const t = serverSuite("known requests of a connection");

t("1: a plain GET has its status line, fields, entity tag and length", async () => {
  const { connect } = await serving([["/", Hello]]);
  const client = await connect();
  const before = Date.now();
  void client.send(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  const response = await client.readResponse();
  assert.is(response.head.split("\r\n")[0], "HTTP/1.1 200 OK");
  assert.is(response.header("Content-Type"), "text/html; charset=UTF-8");
  assert.ok(response.header("Server"));
  const date = response.header("Date") ?? "";
  assert.match(date, /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  const time = Date.parse(date);
  assert.ok(time >= before - 2000 && time <= Date.now(), date);
  assert.is(response.header("Etag"), '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"');
  assert.is(response.header("Content-Length"), "5");
  assert.is(response.text, "hello");
  await client.staysOpen();
});

const heads: readonly (readonly [name: string, bytes: string])[] = [
  ["3: a field line without a colon", "GET / HTTP/1.0\r\nasdf\r\n\r\n"],
  ["5: a method that is no token", "FOO,BAR / HTTP/1.1\r\nHost:127.0.0.1\r\n\r\n"],
  ["7: two Host fields", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["7: a comma in Host", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"],
  ["7: the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
  ["9: bare line feeds", "GET / HTTP/1.0\nHost: x\n\n"],
  ["11: a space before the colon", `GET / HTTP/1.1\r\n${HOST}Foo : bar\r\n\r\n`],
  ["11: a space in a name", `GET / HTTP/1.1\r\n${HOST}Fo o: bar\r\n\r\n`],
  ["11: an empty name", `GET / HTTP/1.1\r\n${HOST}: bar\r\n\r\n`],
  ["11: a name outside ASCII", `GET / HTTP/1.1\r\n${HOST}F\xc3\xa9: bar\r\n\r\n`],
  [
    "11: a space after Transfer-Encoding",
    `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n`,
  ],
  ["15: a folded line", `GET /hdr?n=Foo HTTP/1.1\r\n${HOST}Foo: bar\r\n \t baz\r\n\r\n`],
  ["15: a first line that is folded", `GET / HTTP/1.1\r\n Foo: bar\r\n${HOST}\r\n`],
];
for (const [name, bytes] of heads) {
  t(`${name} is 400 and the end`, async () => {
    const { refused } = await serving([
      ["/", Hello],
      ["/hdr", Header],
    ]);
    await refused(bytes);
  });
}

t("5: an unknown method that is a token is 405", async () => {
  const { ask } = await serving([["/", Hello]]);
  assert.is((await ask("FOO / HTTP/1.1\r\nHost:127.0.0.1\r\n\r\n")).status, 405);
});

t("13: tab and obs-text inside a value are kept, white space around it is not", async () => {
  const { json } = await serving([["/hdr", Header]]);
  assert.equal(await json(get("/hdr?n=X-A", "X-A: a\tb\r\n")), { v: "a\tb" });
  assert.equal(await json(get("/hdr?n=X-A", "X-A: \xe9\r\n")), { v: "\u00e9" });
  assert.equal(await json(get("/hdr?n=X-A", "X-A:  \t v \t\r\n")), { v: "v" });
});

t("17: a head over maxHeaderBytes is 431 and the end", async () => {
  const { ask, askLast } = await serving([["/", Hello]], {}, { maxHeaderBytes: 1024 });
  assert.is((await ask(get("/", `X-Filler: ${"a".repeat(100)}\r\n`))).status, 200);
  assert.is((await askLast(get("/", `X-Filler: ${"a".repeat(1100)}\r\n`))).status, 431);
});

const post = (fields: string, body: string) => `POST /body HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;

t("19: the same Content-Length twice is taken, another is 400", async () => {
  const { ask, refused } = await serving([["/body", Body]]);
  const twice = await ask(post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"));
  assert.match(twice.text, /^5:/);
  await refused(post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"));
});

const codings = [
  " gzip, chunked",
  " chunked\r\nTransfer-Encoding: chunked",
  " identity",
  " xchunked",
  "",
  " chunked, identity",
];
for (const coding of codings) {
  t(`21: Transfer-Encoding:${JSON.stringify(coding)} is 400 and the end`, async () => {
    const { refused } = await serving([["/body", Body]]);
    await refused(post(`Transfer-Encoding:${coding}\r\n`, "2\r\nok\r\n0\r\n\r\n"));
  });
}

for (const size of ["1_a", "+5", "0x5", "-5", " 5", "g", ""]) {
  t(`23: the chunk size ${JSON.stringify(size)} is 400 and the end`, async () => {
    const { refused } = await serving([["/body", Body]]);
    const body = `${size}\r\n1234567890abcdef1234567890\r\n0\r\n\r\n`;
    await refused(post("Transfer-Encoding: chunked\r\n", body));
  });
}

t("25: a chunk that no CRLF follows is 400 and the end", async () => {
  const { refused } = await serving([["/body", Body]]);
  await refused(post("Transfer-Encoding: chunked\r\n", "5\r\nhelloXX0\r\n\r\n"));
});

t("27: a chunked body over maxBodyBytes is 400 and the end", async () => {
  const { refused } = await serving([["/body", Body]], {}, { maxBodyBytes: 4096 });
  const body = `1001\r\n${"a".repeat(4097)}\r\n0\r\n\r\n`;
  await refused(`PUT /body HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`);
});

t("29: a body that takes longer than setBodyTimeoutMs() is 408 and the end", async () => {
  class Slim extends RequestHandler {
    static override readonly streamRequestBody = true;
    override prepare() {
      this.setBodyTimeoutMs(Number(this.getArgument("bt")) * 1000);
    }
    override dataReceived() {}
    put() {
      this.write("ok");
    }
  }
  const { connect, clock } = await serving(
    [["/slim", Slim]],
    {},
    { bodyTimeoutMs: 3_600_000, maxBodyBytes: 4096 },
  );
  const client = await connect();
  await client.send("PUT /slim?bt=0.1 HTTP/1.0\r\nContent-Length: 42\r\n\r\n");
  await client.staysOpen();
  clock.advance(1000);
  assert.is((await client.readResponse()).status, 408);
  await client.closed();
});

t("31: Expect: 100-continue is answered before a byte of the body is sent", async () => {
  const { connect } = await serving([["/body", Body]]);
  const client = await connect();
  const fields = "Content-Length: 1024\r\nExpect: 100-continue\r\nConnection: close\r\n";
  await client.send(`POST /body HTTP/1.1\r\n${HOST}${fields}\r\n`);
  assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 100 /);
  void client.send("a".repeat(1024));
  const response = await client.readResponse();
  assert.is(response.status, 200);
  assert.match(response.text, /^1024:/);
  await client.closed();
});

t("33: pipelined requests are answered in their order", async () => {
  const gate = deferred();
  class Slow extends RequestHandler {
    async get() {
      await gate.promise;
      this.write("slow");
    }
  }
  const { connect } = await serving([
    ["/slow", Slow],
    ["/", Hello],
  ]);
  const client = await connect();
  await client.send(get("/slow") + get("/") + get("/"));
  await client.staysOpen();
  assert.is(client.unread, "");
  gate.resolve();
  for (const text of ["slow", "hello", "hello"]) {
    assert.is((await client.readResponse()).text, text);
  }
});

t("35: Connection: close is heeded, whatever its case", async () => {
  const { askLast } = await serving([["/", Hello]]);
  for (const close of ["close", "CLOSE"]) {
    const response = await askLast(get("/", `Connection: ${close}\r\n`));
    assert.is(response.status, 200);
    assert.is(response.header("Connection"), "close");
  }
});

t("37: HTTP/1.0 is kept alive when it asks for it, with a stray CRLF between", async () => {
  const { connect } = await serving([["/", Hello]]);
  const client = await connect();
  for (const before of ["", "\r\n"]) {
    void client.send(`${before}GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`);
    const response = await client.readResponse();
    assert.is(response.text, "hello");
    assert.match(response.header("Connection") ?? "", /^keep-alive$/i);
  }
  await client.staysOpen();
});

t("39: an HTTP/1.0 POST without a length is answered and not kept alive", async () => {
  const { askLast } = await serving([["/body", Body]]);
  const response = await askLast("POST /body HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.is(response.status, 200);
  assert.match(response.text, /^0:/);
});

t("41: HEAD with a flushed body is fields only, and the connection goes on", async () => {
  class HeadStream extends RequestHandler {
    async head() {
      this.write("Hello world");
      await this.flush();
    }
  }
  const { connect } = await serving([["/headstream", HeadStream]]);
  const client = await connect();
  for (let i = 0; i < 2; i++) {
    void client.send(`HEAD /headstream HTTP/1.1\r\n${HOST}\r\n`);
    const response = await client.readResponse({ method: "HEAD" });
    assert.is(response.status, 200);
    assert.is(response.header("Transfer-Encoding"), null);
    await client.staysOpen();
    assert.is(client.unread, "");
  }
});

t("43: a 204 has no fields of a body", async () => {
  class Empty extends RequestHandler {
    get() {
      this.setStatus(204);
    }
  }
  const { connect } = await serving([
    ["/204", Empty],
    ["/", Hello],
  ]);
  const client = await connect();
  const response = await client.get("/204");
  assert.is(response.status, 204);
  for (const name of ["Content-Length", "Transfer-Encoding", "Content-Type"]) {
    assert.is(response.header(name), null);
  }
  assert.is((await client.get("/")).text, "hello");
});

t("45: a response shorter than its Content-Length never looks complete", async () => {
  class TooHigh extends RequestHandler {
    get() {
      this.setHeader("Content-Length", 42);
      this.finish("ok");
    }
  }
  const { connect } = await serving([["/toohigh", TooHigh]]);
  const client = await connect();
  void client.send(get("/toohigh"));
  await client.gone();
  assert.not.match(client.unread, /^HTTP\/1\.1 200[\s\S]*\r\n\r\n.{42}/);
});

t("47: a large response reaches a slow reader whole", async () => {
  class Large extends RequestHandler {
    get() {
      this.write("x".repeat(524_288));
    }
  }
  const { connect } = await serving([["/large", Large]]);
  const client = await connect({ paused: true });
  await client.send(get("/large"));
  await client.staysOpen();
  client.resume();
  const response = await client.readResponse();
  assert.is(response.header("Content-Length"), "524288");
  assert.is(response.body.length, 524_288);
});

for (const piece of ["", "4\r\nasdf\r\n"]) {
  t(`49: a 401 before the body is read, after ${JSON.stringify(piece)}, is the last`, async () => {
    class Early extends RequestHandler {
      static override readonly streamRequestBody = true;
      override prepare() {
        this.setStatus(401);
        this.finish();
      }
      override dataReceived() {}
      post() {}
    }
    const { askLast } = await serving([["/early", Early]]);
    const head = `POST /early HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;
    assert.is((await askLast(head + piece)).status, 401);
  });
}

t("51: dataReceived is never entered twice, and the verb comes last", async () => {
  class Flow extends RequestHandler {
    static override readonly streamRequestBody = true;
    readonly seen: string[] = [];
    inside = false;
    override async prepare() {
      await Promise.resolve();
      this.seen.push("prepare");
    }
    override async dataReceived() {
      if (this.inside) this.seen.push("overlap");
      this.inside = true;
      await new Promise((resolve) => setImmediate(resolve));
      this.seen.push("data");
      this.inside = false;
    }
    post() {
      this.seen.push("post");
      this.write({ v: this.seen });
    }
  }
  const { connect } = await serving([["/sflow", Flow]], {}, { chunkBytes: 16 });
  const client = await connect();
  await client.send(`POST /sflow HTTP/1.1\r\n${HOST}Content-Length: 40\r\n\r\n`);
  await client.staysOpen();
  void client.send("z".repeat(40));
  const { text } = await client.readResponse();
  assert.equal(JSON.parse(text), { v: ["prepare", "data", "data", "data", "post"] });
});

t("53: maxBodyBytes counts what a body decodes to", async () => {
  const { ask, refused } = await serving(
    [["/body", Body]],
    {},
    { decompressRequest: true, maxBodyBytes: 100 },
  );
  const fields = "Content-Type: x/y\r\nContent-Length: 24\r\nContent-Encoding: gzip\r\n";
  const start = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xa8\xa0";
  const fits = await ask(post(fields, `${start}=\x00\x00\x8f]\x0e^d\x00\x00\x00`));
  assert.is(fits.status, 200);
  assert.match(fits.text, /^100:/);
  await refused(post(fields, `${start}\x03\x00\x00o\x86\x85\xf1e\x00\x00\x00`));
});

t.run();
