/** Compression of static files: streamed if they are compressed, sent by the kernel if they are not. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { loggedErrors, startServer } from "../support/servers.ts";
import { folderOf, openFilesBelow, robots } from "./staticfolders.ts";
import { staticSuite } from "./statictools.ts";

const page = "<p>All work and no play makes Jack a dull boy.</p>\n".repeat(20_000);
const picture = Buffer.alloc(100_000, "not really a picture ");

async function serve() {
  const root = folderOf({ "robots.txt": robots, "page.html": page, "picture.png": picture });
  const { connect } = await startServer(
    [["/static/(.*)", StaticFileHandler, { path: root }]],
    {},
    { compressResponse: true },
  );
  const client = await connect();
  const get = (name: string, fields = "Accept-Encoding: gzip\r\n"): Promise<RawResponse> =>
    client.get(`/static/${name}`, fields);
  return { root, client, get };
}

const t = staticSuite("a static file under compressResponse");
t("is compressed as it is streamed, however short it is", async () => {
  const { get } = await serve();
  for (const [name, text] of [
    ["robots.txt", robots],
    ["page.html", page],
  ] as const) {
    const response = await get(name);
    assert.is(response.header("content-encoding"), "gzip");
    assert.is(response.framing, "chunked");
    assert.is(response.header("vary"), "Accept-Encoding");
    assert.match(response.header("etag") ?? "", /^W\/"[0-9a-f]+"$/);
    assert.is(zlib.gunzipSync(response.body).toString(), text);
  }
  assert.equal(loggedErrors(), []);
});
t("is sent as it is to a client that takes nothing else", async () => {
  const { get } = await serve();
  const response = await get("page.html", "");
  assert.is(response.text, page);
  assert.is(response.framing, "length");
  assert.is(response.header("vary"), "Accept-Encoding");
  assert.match(response.header("etag") ?? "", /^"[0-9a-f]+"$/);
});
t("is sent as it is if its type is not compressed", async () => {
  const { get, root } = await serve();
  const response = await get("picture.png");
  assert.ok(response.body.equals(readFileSync(path.join(root, "picture.png"))));
  assert.is(response.header("content-encoding"), null);
  assert.is(response.header("vary"), "Accept-Encoding");
});
t("is sent as it is if a part of it is asked for", async () => {
  const { get } = await serve();
  const response = await get("page.html", "Accept-Encoding: gzip\r\nRange: bytes=3-10\r\n");
  assert.is(response.status, 206);
  assert.is(response.text, page.slice(3, 11));
  assert.is(response.header("content-encoding"), null);
  assert.is(response.header("vary"), "Accept-Encoding");
});
t("is not sent again to a client that has it", async () => {
  const { get } = await serve();
  const etag = (await get("page.html")).header("etag");
  const response = await get("page.html", `Accept-Encoding: gzip\r\nIf-None-Match: ${etag}\r\n`);
  assert.is(response.status, 304);
  assert.is(response.header("etag"), etag);
  assert.is(response.header("vary"), "Accept-Encoding");
});
t("has the same head for HEAD, but for its framing", async () => {
  const { client, get } = await serve();
  const got = await get("page.html");
  void client.send("HEAD /static/page.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  const response = await client.readResponse({ method: "HEAD" });
  for (const name of ["content-encoding", "etag", "vary", "content-type"])
    assert.is(response.header(name), got.header(name), name);
});
t("is closed when the client leaves in its midst", async () => {
  const { client, root, get } = await serve();
  await get("robots.txt");
  const before = openFilesBelow(root);
  void client.send("GET /static/page.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
  await client.receives("HTTP/1.1 200");
  client.abort();
  const { get: again } = await serve();
  assert.is((await again("robots.txt", "")).text, robots);
  // Files that are known stay open for a while, each once.
  assert.ok(openFilesBelow(root) <= before + 1);
});
t.run();
