/** Precompressed siblings of static files: which is chosen, and that it is a representation of its own. */
import { rmSync, utimesSync } from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import type { RawClient } from "../support/rawclient.ts";
import { folderOf, put, settled } from "./staticfolders.ts";
import { head, serveFolder, staticSuite } from "./statictools.ts";

const script = "console.log('hello');\n".repeat(2000);
const gzipped = zlib.gzipSync(script);
const brotlied = zlib.brotliCompressSync(script);
const url = "/static/app.js";

function folderOfScript(extensions: readonly string[] = [".gz", ".br"]): string {
  const root = folderOf({ "app.js": script });
  if (extensions.includes(".gz")) put(root, "app.js.gz", gzipped);
  if (extensions.includes(".br")) put(root, "app.js.br", brotlied);
  if (extensions.includes(".zst")) put(root, "app.js.zst", "a zstd frame");
  return root;
}

async function clientOf(root: string): Promise<RawClient> {
  return (await serveFolder(root, { precompressed: true })).connect();
}

const accept = (value: string) => `Accept-Encoding: ${value}\r\n`;

const choice = staticSuite("a precompressed file");
for (const [field, coding] of [
  ["gzip", "gzip"],
  ["br", "br"],
  ["gzip, br", "br"],
  ["gzip;q=1, br;q=0.5", "gzip"],
  ["br;q=0, *", "gzip"],
  ["*", "br"],
  ["x-gzip", "gzip"],
  ["gzip;q=0", null],
  ["identity", null],
  ["identity, gzip;q=0.5", null],
  ["deflate", null],
  ["zstd", null],
  ["", null],
  ["zstd, gzip;q=0.5", "gzip"],
  ["gzip;q=nonsense, \u00ff", null],
] as const) {
  choice(`is sent as ${coding ?? "itself"} for ${JSON.stringify(field)}`, async () => {
    const root = folderOfScript();
    await settled(path.join(root, "app.js"), path.join(root, "app.js.br"));
    const client = await clientOf(root);
    for (let i = 0; i < 2; i++) {
      const response = await client.get(url, accept(field));
      assert.is(response.status, 200);
      assert.is(response.header("Content-Encoding"), coding);
      assert.is(response.header("Content-Type"), "text/javascript");
      assert.is(response.header("Vary"), "Accept-Encoding");
      const wanted = coding === "br" ? brotlied : coding === "gzip" ? gzipped : Buffer.from(script);
      assert.ok(response.body.equals(wanted));
    }
  });
}
choice("is sent as zstd where there is that", async () => {
  const client = await clientOf(folderOfScript([".zst"]));
  const response = await client.get(url, accept("gzip, zstd"));
  assert.is(response.header("Content-Encoding"), "zstd");
  assert.is(response.text, "a zstd frame");
});
choice("is sent as itself to who says nothing, or where the option is off", async () => {
  const root = folderOfScript();
  const silent = await (await clientOf(root)).get(url);
  assert.is(silent.header("Content-Encoding"), null);
  assert.is(silent.header("Vary"), "Accept-Encoding");
  const off = await (await (await serveFolder(root)).connect()).get(url, accept("br, gzip"));
  assert.is(off.header("Content-Encoding"), null);
  assert.is(off.header("Vary"), null);
  assert.is(off.text, script);
});
choice("has a tag of its own", async () => {
  const client = await clientOf(folderOfScript());
  const tags = new Set<string | null>();
  for (const field of ["br", "gzip", "identity"]) {
    tags.add((await client.get(url, accept(field))).header("Etag"));
  }
  assert.is(tags.size, 3);
  const tag = (await client.get(url, accept("br"))).header("Etag") ?? "";
  const same = await client.get(url, `${accept("br")}If-None-Match: ${tag}\r\n`);
  assert.is(same.status, 304);
  assert.is(same.header("Vary"), "Accept-Encoding");
  const other = await client.get(url, `${accept("gzip")}If-None-Match: ${tag}\r\n`);
  assert.is(other.status, 200);
});
choice("has ranges of its encoded bytes", async () => {
  const client = await clientOf(folderOfScript());
  const response = await client.get(url, `${accept("gzip")}Range: bytes=2-11\r\n`);
  assert.is(response.status, 206);
  assert.is(response.header("Content-Encoding"), "gzip");
  assert.is(response.header("Content-Range"), `bytes 2-11/${gzipped.length}`);
  assert.ok(response.body.equals(gzipped.subarray(2, 12)));
  const refused = await client.get(url, `${accept("gzip")}Range: bytes=${gzipped.length}-\r\n`);
  assert.is(refused.status, 416);
  assert.is(refused.header("Content-Encoding"), null);
});
choice("is answered alike for HEAD", async () => {
  const client = await clientOf(folderOfScript());
  const response = await head(client, url, accept("br"));
  assert.is(response.header("Content-Encoding"), "br");
  assert.is(response.header("Content-Length"), String(brotlied.length));
});
choice("that is asked for by its own name is what it is", async () => {
  const client = await clientOf(folderOfScript());
  for (let i = 0; i < 2; i++) {
    await client.get(url, accept("gzip"));
    const response = await client.get(`${url}.gz`, accept("gzip"));
    assert.is(response.header("Content-Encoding"), null);
    assert.is(response.header("Content-Type"), "application/gzip");
    assert.ok(response.body.equals(gzipped));
  }
});
choice("is not sent if it is older than the file by a second", async () => {
  const root = folderOfScript([".gz"]);
  const client = await clientOf(root);
  utimesSync(path.join(root, "app.js"), 1e9, 1_000_000_000.9);
  utimesSync(path.join(root, "app.js.gz"), 1e9, 1_000_000_000.1);
  assert.is((await client.get(url, accept("gzip"))).header("Content-Encoding"), "gzip");
  utimesSync(path.join(root, "app.js"), 1e9, 1_000_000_001);
  const response = await client.get(url, accept("gzip"));
  assert.is(response.header("Content-Encoding"), null);
  assert.is(response.text, script);
});
choice("that is gone is not missed, and a file without its own is 404", async () => {
  const root = folderOfScript([".gz"]);
  const client = await clientOf(root);
  assert.is((await client.get(url, accept("gzip"))).header("Content-Encoding"), "gzip");
  rmSync(path.join(root, "app.js.gz"));
  assert.is((await client.get(url, accept("gzip"))).text, script);
  put(root, "only.js.gz", gzipped);
  assert.is((await client.get("/static/only.js", accept("gzip"))).status, 404);
});
choice("is chosen for the default file of a folder, too", async () => {
  const root = folderOf({ "index.html": "<p>plain</p>", "index.html.gz": "packed" });
  const args = { precompressed: true, defaultFilename: "index.html" };
  const client = await (await serveFolder(root, args)).connect();
  const response = await client.get("/static/", accept("gzip"));
  assert.is(response.text, "packed");
  assert.is(response.header("Content-Type"), "text/html");
});
choice("is not packed again", async () => {
  const { connect } = await serveFolder(
    folderOfScript([".gz"]),
    { precompressed: true },
    { settings: { compressResponse: true } },
  );
  const response = await (await connect()).get(url, accept("gzip"));
  assert.is(response.header("Content-Encoding"), "gzip");
  assert.is(response.header("Vary"), "Accept-Encoding");
  assert.ok(response.body.equals(gzipped));
});
choice.run();
