/** Ranges of a static file: one, several, If-Range, HEAD, of small files and of large ones. */
import { utimesSync } from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { MOST_RANGES } from "../../lib/http/byteranges.ts";
import type { RawResponse } from "../support/rawresponse.ts";
import { caseFolder, folderOf, robots, robotsVersion, settled } from "./staticfolders.ts";
import { head, serveFolder, staticSuite } from "./statictools.ts";

const url = "/static/robots.txt";

/** Longer than what is kept in memory: it goes by sendfile(2). */
const LARGE = 100_000;
const large = Buffer.from(Array.from({ length: LARGE }, (_, i) => (i * 31 + (i >> 8)) & 255));

async function rangeOf(range: string, fields = ""): Promise<RawResponse> {
  const root = caseFolder();
  utimesSync(path.join(root, "robots.txt"), 1e9, 784111777);
  const client = await (await serveFolder(root)).connect();
  return client.get(url, `Range: ${range}\r\n${fields}`);
}

/** The parts of a multipart/byteranges response: type, range and content of each. */
function partsOf(response: RawResponse): [type: string, range: string, content: string][] {
  const type = response.header("Content-Type") ?? "";
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{24})$/.exec(type)?.[1] ?? "";
  assert.is.not(boundary, "", type);
  const body = response.body.toString("latin1");
  assert.ok(body.startsWith(`--${boundary}\r\n`));
  assert.ok(body.endsWith(`\r\n--${boundary}--\r\n`));
  const inner = body.slice(boundary.length + 4, -boundary.length - 8);
  return inner.split(`\r\n--${boundary}\r\n`).map((part) => {
    const split = part.indexOf("\r\n\r\n");
    const field = (name: string) =>
      new RegExp(`(?:^|\\r\\n)${name}: (.*?)(?:\\r\\n|$)`).exec(part.slice(0, split))?.[1] ?? "";
    return [field("Content-Type"), field("Content-Range"), part.slice(split + 4)];
  });
}

const single = staticSuite("one range of a static file");
for (const [range, contentRange, text] of [
  ["bytes=1-4", "bytes 1-4/26", "ser-"],
  ["bytes=0-0", "bytes 0-0/26", "U"],
  ["bytes=25-", "bytes 25-25/26", "\n"],
  ["bytes=25-99", "bytes 25-25/26", "\n"],
  ["bytes=-4", "bytes 22-25/26", ": /\n"],
  ["bytes=-25", "bytes 1-25/26", robots.slice(1)],
] as const) {
  single(`${range} is answered with 206 and ${contentRange}`, async () => {
    const response = await rangeOf(range);
    assert.is(response.status, 206);
    assert.is(response.header("Content-Range"), contentRange);
    assert.is(response.text, text);
    assert.is(response.header("Content-Length"), String(text.length));
    assert.is(response.header("Content-Type"), "text/plain");
    assert.is(response.header("Etag"), `"${robotsVersion}"`);
    assert.is.not(response.header("Last-Modified"), null);
  });
}
for (const range of ["bytes=-0", "bytes=26-", "bytes=26", "bytes=10-3", "bytes=99-100"]) {
  single(`${range} is answered with 416`, async () => {
    const response = await rangeOf(range);
    assert.is(response.status, 416);
    assert.is(response.header("Content-Range"), "bytes */26");
    assert.is(response.body.length, 0);
  });
}
for (const range of [
  "bytes=0-",
  "bytes=0-25",
  "bytes=-26",
  "bytes=-27",
  "items=0-1",
  "bytes=+1-2",
  "x",
  "bytes=-",
]) {
  single(`${range} is answered with 200 and the whole`, async () => {
    const response = await rangeOf(range);
    assert.is(response.status, 200);
    assert.is(response.header("Content-Range"), null);
    assert.is(response.text, robots);
  });
}
single("is answered alike for HEAD, without the body", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  for (let i = 0; i < 2; i++) {
    const part = await head(client, url, "Range: bytes=1-4\r\n");
    assert.is(part.status, 206);
    assert.is(part.header("Content-Length"), "4");
    assert.is(part.header("Content-Range"), "bytes 1-4/26");
    const refused = await head(client, url, "Range: bytes=26-\r\n");
    assert.is(refused.status, 416);
    assert.is(refused.header("Content-Range"), "bytes */26");
    assert.is(client.unread, "");
  }
});
single("of a large file begins and ends where it should", async () => {
  const root = folderOf({ "large.bin": large });
  await settled(path.join(root, "large.bin"));
  const client = await (await serveFolder(root)).connect();
  for (const [start, end] of [
    [0, 1],
    [1, 2],
    [65_535, 65_537],
    [99_999, 100_000],
    [1, 100_000],
  ] as const) {
    const response = await client.get("/static/large.bin", `Range: bytes=${start}-${end - 1}\r\n`);
    assert.is(response.status, 206);
    assert.ok(response.body.equals(large.subarray(start, end)));
  }
});
single.run();

const several = staticSuite("several ranges of a static file");
several("are the parts of a multipart body", async () => {
  const response = await rangeOf("bytes=5-6, 0-1,-1");
  assert.is(response.status, 206);
  assert.is(response.header("Content-Range"), null);
  assert.is(response.header("Etag"), `"${robotsVersion}"`);
  assert.equal(partsOf(response), [
    ["text/plain", "bytes 5-6/26", "ag"],
    ["text/plain", "bytes 0-1/26", "Us"],
    ["text/plain", "bytes 25-25/26", "\n"],
  ]);
});
several("of a large file carry its bytes", async () => {
  const client = await (await serveFolder(folderOf({ "large.bin": large }))).connect();
  const response = await client.get("/static/large.bin", "Range: bytes=0-70000,99000-\r\n");
  const [first, second] = partsOf(response);
  assert.is(first?.[2], large.toString("latin1", 0, 70_001));
  assert.is(second?.[2], large.toString("latin1", 99_000));
});
several("that overlap become one, which needs no multipart", async () => {
  const response = await rangeOf("bytes=0-3,2-5");
  assert.is(response.status, 206);
  assert.is(response.header("Content-Range"), "bytes 0-5/26");
  assert.is(response.text, robots.slice(0, 6));
});
several("of which one can be satisfied are that one", async () => {
  const response = await rangeOf("bytes=26-30,1-4");
  assert.is(response.header("Content-Range"), "bytes 1-4/26");
  assert.is(response.text, "ser-");
});
several("of which none can be satisfied are a 416", async () => {
  assert.is((await rangeOf("bytes=26-30,40-")).status, 416);
});
several("are ignored from one more than MOST_RANGES on", async () => {
  const field = (count: number) => `bytes=${Array(count).fill("1-1").join(",")}`;
  assert.is((await rangeOf(field(MOST_RANGES))).status, 206);
  assert.is((await rangeOf(field(MOST_RANGES + 1))).status, 200);
  assert.is((await rangeOf(field(5000))).status, 200);
});
several("are announced alike for HEAD", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  const range = "Range: bytes=0-1,5-6\r\n";
  const get = await client.get(url, range);
  const response = await head(client, url, range);
  assert.is(response.status, 206);
  assert.is(response.header("Content-Length"), get.header("Content-Length"));
  assert.is(client.unread, "");
});
several.run();

const ifRange = staticSuite("If-Range");
for (const [condition, status] of [
  [`"${robotsVersion}"`, 206],
  ['"zzz"', 200],
  [`W/"${robotsVersion}"`, 200],
  ["Sun, 06 Nov 1994 08:49:37 GMT", 206],
  ["Sun, 06 Nov 1994 08:49:38 GMT", 200],
  ["Sun, 06 Nov 1994 08:49:36 GMT", 200],
  ["nonsense", 200],
] as const) {
  ifRange(`${condition.slice(0, 30)} is answered with ${status}`, async () => {
    const response = await rangeOf("bytes=0-9", `If-Range: ${condition}\r\n`);
    assert.is(response.status, status);
    assert.is(response.text, status === 206 ? robots.slice(0, 10) : robots);
  });
}
ifRange("that fails lets no bad range be refused", async () => {
  assert.is((await rangeOf("bytes=99-", 'If-Range: "zzz"\r\n')).status, 200);
});
ifRange("does nothing without Range", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  assert.is((await client.get(url, 'If-Range: "zzz"\r\n')).status, 200);
});
ifRange.run();
