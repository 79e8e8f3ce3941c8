/** Static files on their way: byte for byte, pipelined, to a slow reader, through output transforms. */
import { createHash } from "node:crypto";
import { truncateSync } from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import type { OutputTransform } from "../../lib/web/outputtransform.ts";
import type { ResponseHeaders } from "../../lib/web/responseheaders.ts";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { MiB } from "../../lib/index.ts";
import { type RawClient, turns } from "../support/rawclient.ts";
import { logged } from "../support/servers.ts";
import { folderOf, openFilesBelow, robots, settled, untilOpen } from "./staticfolders.ts";
import { head, serveFolder, staticSuite } from "./statictools.ts";

/** Bytes that no shift or repetition leaves the same. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

const sha1 = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

const whole = staticSuite("a download");
whole("of 5 MiB arrives byte for byte, and the connection goes on", async () => {
  const content = noise(5 * MiB, 1);
  const client = await (await serveFolder(folderOf({ "a.bin": content }))).connect();
  for (let i = 0; i < 2; i++) {
    const response = await client.get("/static/a.bin");
    assert.is(response.body.length, content.length);
    assert.is(sha1(response.body), sha1(content));
  }
});
whole("comes in the order of the requests if they are pipelined", async () => {
  const sizes = [100_000, 0, 1, 16_384, 16_385, 300_000, 26, 65_536];
  const files = sizes.map((size, i) => [`${i}.bin`, noise(size, i + 1)] as const);
  const root = folderOf(Object.fromEntries(files));
  const client = await (await serveFolder(root)).connect();
  for (let round = 0; round < 2; round++) {
    const requests = files.map(([name]) => `GET /static/${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    void client.send(requests.join("").repeat(3));
    for (let i = 0; i < 3; i++) {
      for (const [, content] of files) {
        const response = await client.readResponse();
        assert.is(response.status, 200);
        assert.is(sha1(response.body), sha1(content));
      }
    }
    await settled(path.join(root, "7.bin"));
  }
});
whole("to a reader that stops does not hold up others", async () => {
  const content = noise(24 * MiB, 3);
  const root = folderOf({ "large.bin": content, "robots.txt": robots });
  const { connect } = await serveFolder(root);
  const slow = await connect();
  void slow.send("GET /static/large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await slow.receives("\r\n\r\n");
  slow.pause();
  const quick = await connect();
  for (let i = 0; i < 100; i++) assert.is((await quick.get("/static/robots.txt")).text, robots);
  slow.resume();
  let received = 0;
  const hash = createHash("sha1");
  while (received < content.length) {
    const piece = Buffer.from(await slow.receives(/^[\s\S]+/), "latin1");
    hash.update(piece);
    received += piece.length;
  }
  assert.is(hash.digest("hex"), sha1(content));
});
whole("that many make at once is one file for all", async () => {
  const content = noise(2 * MiB, 4);
  const root = folderOf({ "a.bin": content });
  const { connect } = await serveFolder(root);
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect()));
  const responses = await Promise.all(clients.map((client) => client.get("/static/a.bin")));
  for (const { body } of responses) assert.is(sha1(body), sha1(content));
  await untilOpen(root, 1);
  assert.is(openFilesBelow(root), 1);
});
whole("that the client breaks off leaves nothing open", async () => {
  const root = folderOf({ "a.bin": noise(24 * MiB, 5) });
  const { connect } = await serveFolder(root);
  for (let i = 0; i < 5; i++) {
    const client = await connect();
    void client.send("GET /static/a.bin HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3));
    await client.receives("\r\n\r\n");
    client.abort();
    await turns(4);
  }
  StaticFileHandler.reset();
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
});
whole.run();

/** Writes letters large. */
class Shout implements OutputTransform {
  transformFirstChunk(status: number, headers: ResponseHeaders, chunk: Buffer) {
    headers.clear("Content-Length");
    return [status, headers, this.transformChunk(chunk)] as const;
  }
  transformChunk(chunk: Buffer): Uint8Array {
    return Buffer.from(chunk.toString("latin1").toUpperCase(), "latin1");
  }
}

const transformed = staticSuite("a static file behind an output transform");
const gzip = "Accept-Encoding: gzip\r\n";
const compressing = { settings: { compressResponse: true } };
transformed("is compressed, chunked, and tagged weakly", async () => {
  const text = "some text that repeats itself\n".repeat(20_000);
  const { connect } = await serveFolder(
    folderOf({ "a.txt": text, "robots.txt": robots }),
    {},
    compressing,
  );
  const client = await connect();
  for (const [name, content] of [
    ["a.txt", text],
    ["robots.txt", robots],
  ] as const) {
    for (let i = 0; i < 2; i++) {
      const response = await client.get(`/static/${name}`, gzip);
      assert.is(response.status, 200);
      assert.is(response.header("Content-Encoding"), "gzip");
      assert.is(response.framing, "chunked");
      assert.match(response.header("Vary") ?? "", /Accept-Encoding/);
      assert.match(response.header("Etag") ?? "", /^W\/"/);
      assert.is(zlib.gunzipSync(response.body).toString(), content);
    }
  }
});
transformed("is not found modified by the tag it was sent with", async () => {
  const { connect } = await serveFolder(folderOf({ "robots.txt": robots }), {}, compressing);
  const client = await connect();
  const tag = (await client.get("/static/robots.txt", gzip)).header("Etag") ?? "";
  const response = await client.get("/static/robots.txt", `${gzip}If-None-Match: ${tag}\r\n`);
  assert.is(response.status, 304);
});
transformed("is sent as it is where the transform has nothing to do", async () => {
  const image = noise(200_000, 6);
  const { connect } = await serveFolder(
    folderOf({ "a.png": image, "robots.txt": robots }),
    {},
    compressing,
  );
  const client = await connect();
  const response = await client.get("/static/a.png", gzip);
  assert.is(response.header("Content-Length"), "200000");
  assert.is(response.header("Content-Encoding"), null);
  assert.ok(response.body.equals(image));
  const plain = await client.get("/static/robots.txt");
  assert.is(plain.text, robots);
  assert.is(plain.header("Content-Length"), "26");
  const part = await client.get("/static/robots.txt", `${gzip}Range: bytes=1-4\r\n`);
  assert.is(part.status, 206);
  assert.is(part.header("Content-Encoding"), null);
  assert.is(part.text, "ser-");
});
transformed("is answered without a body for HEAD", async () => {
  const { connect } = await serveFolder(folderOf({ "robots.txt": robots }), {}, compressing);
  const client = await connect();
  const response = await head(client, "/static/robots.txt", gzip);
  assert.is(response.status, 200);
  assert.is((await client.get("/static/robots.txt")).text, robots);
});
transformed("passes through one of the application's own, parts and all", async () => {
  const settings = { transforms: [Shout] };
  const { connect } = await serveFolder(
    folderOf({ "robots.txt": robots, "a.txt": "a".repeat(200_000) }),
    {},
    { settings },
  );
  const client = await connect();
  assert.is((await client.get("/static/robots.txt")).text, robots.toUpperCase());
  assert.is((await client.get("/static/a.txt")).text, "A".repeat(200_000));
  const part = await client.get("/static/robots.txt", "Range: bytes=1-4\r\n");
  assert.is(part.status, 206);
  assert.is(part.text, "SER-");
});

/** A client that has asked for a.txt, transformed, and reads no further than its head. */
async function pausedInBody(root: string): Promise<RawClient> {
  const settings = { transforms: [Shout] };
  const { connect } = await serveFolder(root, { hashLimitBytes: 0 }, { settings });
  const client = await connect();
  void client.send("GET /static/a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.receives("\r\n\r\n");
  client.pause();
  return client;
}

transformed("ends quietly, and leaves nothing open, if the client goes away", async () => {
  const root = folderOf({ "a.txt": noise(16 * MiB, 8).toString("hex") });
  const client = await pausedInBody(root);
  await turns(20);
  client.abort();
  StaticFileHandler.reset();
  await untilOpen(root, 0);
  assert.is(openFilesBelow(root), 0);
  assert.equal(logged("error"), []);
});
transformed("is cut off if it becomes shorter while it is sent", async () => {
  const root = folderOf({ "a.txt": noise(24 * MiB, 7).toString("hex") });
  const client = await pausedInBody(root);
  truncateSync(path.join(root, "a.txt"), 100_000);
  client.resume();
  await client.gone();
  assert.not.ok(client.unread.endsWith("0\r\n\r\n"));
});
transformed.run();
