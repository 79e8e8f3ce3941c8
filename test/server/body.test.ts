/** Request bodies as a handler gets them, and Expect: 100-continue. (Framing faults: the vectors.) */
import { createHash } from "node:crypto";
import * as assert from "uvu/assert";
import { RequestHandler } from "../../lib/index.ts";
import { noise } from "../support/noise.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite, startServer } from "../support/servers.ts";

const sha1 = (bytes: Uint8Array | string): string => createHash("sha1").update(bytes).digest("hex");

let posts = 0;

/** Writes the length and the SHA-1 of the body, and what fields of framing and trailers are seen. */
class Digest extends RequestHandler {
  post() {
    posts++;
    const { body, headers } = this.request;
    this.write({
      length: body.length,
      sha1: sha1(body),
      trailer: headers.get("x-trailer") ?? null,
      contentLength: headers.get("content-length") ?? null,
    });
  }
}

const routes: Parameters<typeof startServer>[0] = [["/", Digest]];
const head = (fields: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`;
const body = serverSuite("a request body");
body.before.each(() => {
  posts = 0;
});
for (const length of [0, 1, 65_535, 65_536, 65_537, 1_000_000, 20_000_000]) {
  body(`of ${length} bytes arrives whole`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    const bytes = noise(length);
    void client.send(head(`Content-Length: ${length}`));
    void client.send(bytes);
    const seen = JSON.parse((await client.readResponse()).text);
    assert.is(seen.length, length);
    assert.is(seen.sha1, sha1(bytes));
  });
}
for (const size of [1, 1_000, 65_536, 300_000]) {
  body(`in chunks of ${size} arrives whole`, async () => {
    const { connect } = await startServer(routes);
    const client = await connect();
    const bytes = noise(size * 7);
    void client.send(head("Transfer-Encoding: chunked"));
    for (let at = 0; at < bytes.length; at += size) {
      void client.send(`${size.toString(16)}\r\n`);
      void client.send(bytes.subarray(at, at + size));
      void client.send("\r\n");
    }
    void client.send("0\r\n\r\n");
    const seen = JSON.parse((await client.readResponse()).text);
    assert.is(seen.length, bytes.length);
    assert.is(seen.sha1, sha1(bytes));
  });
}
body("in pieces arrives whole, and the handler is called once, at its end", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  const bytes = noise(10_000);
  await client.send(head("Content-Length: 10000"));
  for (let at = 0; at < 10_000; at += 1_000) {
    assert.is(posts, 0);
    await client.sendPieces([bytes.subarray(at, at + 1_000)]);
  }
  assert.is(JSON.parse((await client.readResponse()).text).sha1, sha1(bytes));
  assert.is(posts, 1);
});
body("keeps its trailers and extensions from the handler", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(
    `${head("Transfer-Encoding: chunked\r\nTrailer: X-Trailer")}5;a="b;c";d\r\nhello\r\n0;x\r\nX-Trailer: t\r\nContent-Length: 3\r\n\r\n`,
  );
  const seen = JSON.parse((await client.readResponse()).text);
  assert.equal(seen, { length: 5, sha1: sha1("hello"), trailer: null, contentLength: null });
});
body("is not shared with the next request", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  for (const text of ["first", "second one", ""]) {
    await client.send(head(`Content-Length: ${text.length}`) + text);
    assert.is(JSON.parse((await client.readResponse()).text).sha1, sha1(text));
  }
});
body("that a handler keeps stays as it was", async () => {
  const kept: Buffer[] = [];
  class Keep extends RequestHandler {
    post() {
      kept.push(this.request.body);
    }
  }
  const { connect } = await startServer([["/", Keep]]);
  const client = await connect();
  for (const text of ["one", "two", "six"]) {
    await client.send(head("Content-Length: 3") + text);
    await client.readResponse();
  }
  await turns(3);
  assert.equal(
    kept.map((bytes) => bytes.toString()),
    ["one", "two", "six"],
  );
});
body.run();

const expect = serverSuite("Expect: 100-continue");
expect.before.each(() => {
  posts = 0;
});
expect("is answered with 100 before any byte of the body", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(head("Content-Length: 1024\r\nExpect: 100-continue\r\nConnection: close"));
  const interim = await client.readResponse();
  assert.is(interim.status, 100);
  assert.equal(interim.fields, []);
  await client.send("x".repeat(1024));
  const response = await client.readResponse();
  assert.is(response.status, 200);
  assert.is(JSON.parse(response.text).length, 1024);
  await client.closed();
});
expect("is answered with 100 for a chunked body", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(head("Transfer-Encoding: chunked\r\nExpect: 100-Continue"));
  assert.is((await client.readResponse()).status, 100);
  await client.send("5\r\nhello\r\n0\r\n\r\n");
  assert.is(JSON.parse((await client.readResponse()).text).length, 5);
});
expect("is not answered with 100 in HTTP/1.0", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  await turns(5);
  assert.is(client.unread, "");
  await client.send("hello");
  assert.is((await client.readResponse()).status, 200);
});
expect("is not answered with 100 when no body follows", async () => {
  const { connect } = await startServer(routes);
  const client = await connect();
  await client.send(head("Content-Length: 0\r\nExpect: 100-continue"));
  assert.is((await client.readResponse()).status, 200);
});
expect("is answered in its turn behind a request that is not done", async () => {
  let answer = (): void => {};
  class Slow extends RequestHandler {
    async get() {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      this.write("slow");
    }
  }
  const { connect } = await startServer([...routes, ["/slow", Slow]]);
  const client = await connect();
  await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.send(head("Content-Length: 5\r\nExpect: 100-continue"));
  await turns(5);
  assert.is(client.unread, "");
  answer();
  assert.is((await client.readResponse()).text, "slow");
  assert.is((await client.readResponse()).status, 100);
  await client.send("hello");
  assert.is(JSON.parse((await client.readResponse()).text).length, 5);
});
expect.run();
