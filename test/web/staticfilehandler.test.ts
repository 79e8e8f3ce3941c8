/** StaticFileHandler: heads, conditional requests, default files, versions, what may be kept. */
import { utimesSync } from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { startServer } from "../support/servers.ts";
import { caseFolder, folderOf, put, robots, robotsVersion, settled } from "./staticfolders.ts";
import { head, serveFolder, staticSuite } from "./statictools.ts";

const contentFields = ["Content-Type", "Content-Length", "Etag", "Last-Modified", "Accept-Ranges"];

const heads = staticSuite("the head of a static file");
heads("says type, length, tag, date and that ranges are taken", async () => {
  const root = caseFolder();
  utimesSync(path.join(root, "robots.txt"), 1e9, 784111777.9);
  const { connect } = await serveFolder(root);
  const response = await (await connect()).get("/static/robots.txt");
  assert.is(response.status, 200);
  assert.is(response.text, robots);
  assert.is(response.framing, "length");
  assert.is(response.header("Content-Type"), "text/plain");
  assert.is(response.header("Etag"), `"${robotsVersion}"`);
  assert.is(response.header("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.is(response.header("Accept-Ranges"), "bytes");
  assert.is(response.header("X-Content-Type-Options"), "nosniff");
  assert.is(response.header("Server"), "landspout");
  assert.is.not(response.header("Date"), null);
  assert.is(response.header("Cache-Control"), null);
  assert.is(response.header("Vary"), null);
});
heads("is the same for the first, which opens it, and for those after it", async () => {
  const root = caseFolder();
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root)).connect();
  const responses = [];
  for (let i = 0; i < 3; i++) responses.push(await client.get("/static/robots.txt"));
  for (const { head: text, text: body } of responses) {
    assert.is(text.replace(/Date: .*/, ""), responses[0]?.head.replace(/Date: .*/, ""));
    assert.is(body, robots);
  }
});
heads("is the same for HEAD, without the body", async () => {
  const root = caseFolder();
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < 2; i++) {
    const get = await client.get("/static/robots.txt");
    const response = await head(client, "/static/robots.txt");
    assert.is(response.status, 200);
    for (const name of contentFields) assert.is(response.header(name), get.header(name), name);
    assert.is(response.header("Content-Length"), "26");
    assert.is(client.unread, "");
  }
});
heads("has the type of the extension", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  const typeOf = async (name: string) =>
    (await client.get(`/static/${name}`)).header("Content-Type");
  assert.is(await typeOf("sample.xml"), "application/xml");
  assert.is(await typeOf("sample.xml.gz"), "application/gzip");
});
heads("has a charset where the route says one", async () => {
  const root = folderOf({ "a.txt": "ä", "a.png": "p" });
  const client = await (await serveFolder(root, { charset: "utf-8" })).connect();
  assert.is(
    (await client.get("/static/a.txt")).header("Content-Type"),
    "text/plain; charset=utf-8",
  );
  assert.is((await client.get("/static/a.png")).header("Content-Type"), "image/png");
});
heads("of an empty file has Content-Length 0", async () => {
  const client = await (await serveFolder(folderOf({ "empty.txt": "" }))).connect();
  const response = await client.get("/static/empty.txt");
  assert.is(response.status, 200);
  assert.is(response.header("Content-Length"), "0");
  assert.is((await client.get("/static/empty.txt", "Range: bytes=0-0\r\n")).status, 416);
});
heads("allows GET and HEAD alone", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  void client.send("POST /static/robots.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const response = await client.readResponse();
  assert.is(response.status, 405);
  assert.match(response.header("Allow") ?? "", /\bGET\b.*\bHEAD\b|\bHEAD\b.*\bGET\b/);
});
heads("is served to HTTP/1.0, which the connection ends after", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  void client.send("GET /static/robots.txt HTTP/1.0\r\n\r\n");
  const response = await client.readResponse();
  assert.is(response.text, robots);
  await client.closed();
});
heads("takes its path from a named group, and from none", async () => {
  const root = caseFolder();
  const routes = [
    ["/named/(?P<path>.*)", StaticFileHandler, { path: root }],
    ["/optional(?:/(.*))?", StaticFileHandler, { path: root, defaultFilename: "robots.txt" }],
  ] as const;
  const client = await (await startServer(routes)).connect();
  assert.is((await client.get("/named/robots.txt")).text, robots);
  assert.is((await client.get("/optional/robots.txt")).text, robots);
  assert.is((await client.get("/optional")).header("Location"), "/optional/");
  assert.is((await client.get("/optional/")).text, robots);
});
heads.run();

const conditions = staticSuite("a conditional request for a static file");
const robotsUrl = "/static/robots.txt";

/** The statuses of the same request asked twice: of a file that is opened, and of one that is open. */
async function statusesOf(fields: string): Promise<number[]> {
  const root = caseFolder();
  utimesSync(path.join(root, "robots.txt"), 1e9, 784111777);
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root)).connect();
  return [
    (await client.get(robotsUrl, fields)).status,
    (await client.get(robotsUrl, fields)).status,
  ];
}
for (const [fields, status] of [
  ["If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304],
  ["If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200],
  ["If-Modified-Since: !nv@l!d\r\n", 200],
  ["If-Modified-Since: Fri, 01 Jan 1960 00:00:00 GMT\r\n", 200],
  [`If-None-Match: "${robotsVersion}"\r\n`, 304],
  [`If-None-Match: W/"${robotsVersion}", "x"\r\n`, 304],
  ["If-None-Match: *\r\n", 304],
  ['If-None-Match: "MISMATCH"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n', 200],
  [`Range: bytes=1-4\r\nIf-None-Match: "${robotsVersion}"\r\n`, 304],
  [`If-Match: "${robotsVersion}"\r\n`, 200],
  ['If-Match: "MISMATCH"\r\n', 412],
  ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412],
  ["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200],
  ["If-Unmodified-Since: !nv@l!d\r\n", 200],
  [`If-Match: "MISMATCH"\r\nIf-None-Match: "${robotsVersion}"\r\n`, 412],
] as const) {
  conditions(`${JSON.stringify(fields.slice(0, 60))} is answered with ${status}`, async () => {
    assert.equal(await statusesOf(fields), [status, status]);
  });
}
conditions("that is answered with 304 has the tag, and neither length nor body", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  const response = await client.get(robotsUrl, `If-None-Match: "${robotsVersion}"\r\n`);
  assert.is(response.status, 304);
  assert.is(response.header("Etag"), `"${robotsVersion}"`);
  assert.is(response.header("Content-Length"), null);
  assert.is(response.header("Content-Type"), null);
  assert.is(response.body.length, 0);
  assert.is((await client.get(robotsUrl)).text, robots);
});
conditions.run();

const folders = staticSuite("a folder");
folders("is its default file", async () => {
  const root = caseFolder();
  await settled(path.join(root, "dir/index.html"));
  const client = await (await serveFolder(root, { defaultFilename: "index.html" })).connect();
  for (let i = 0; i < 2; i++) {
    const response = await client.get("/static/dir/");
    assert.is(response.status, 200);
    assert.is(response.text, "this is the index\n");
    assert.is(response.header("Content-Type"), "text/html");
  }
});
folders("without the slash at its end is redirected to", async () => {
  const client = await (
    await serveFolder(caseFolder(), { defaultFilename: "index.html" })
  ).connect();
  // Also when its default file is open already.
  for (let i = 0; i < 2; i++) {
    const response = await client.get("/static/dir");
    assert.is(response.status, 301);
    assert.is(response.header("Location"), "/static/dir/");
    await client.get("/static/dir/");
  }
});
folders("is refused without a default file, and 404 without that in it", async () => {
  const root = caseFolder();
  const client = await (await serveFolder(root)).connect();
  assert.is((await client.get("/static/dir")).status, 403);
  assert.is((await client.get("/static/dir/")).status, 403);
  assert.is((await client.get("/static/")).status, 403);
  const other = await (await serveFolder(root, { defaultFilename: "index.html" })).connect();
  assert.is((await other.get("/static/")).status, 404);
  put(root, "index.html", "root");
  assert.is((await other.get("/static/")).text, "root");
});
folders("is never redirected to another host", async () => {
  const root = caseFolder();
  put(root, "index.html", "root");
  const routes = [
    ["/(.*)", StaticFileHandler, { path: root, defaultFilename: "index.html" }],
  ] as const;
  const client = await (await startServer(routes)).connect();
  for (const target of ["//evil.example/..", "//evil.example/%2e%2e", "//dir", "//./dir"]) {
    const response = await client.get(target);
    assert.is(response.header("Location"), null, target);
    assert.is(response.status, 403, target);
  }
  // Browsers read "\" as "/".
  const response = await client.get("/\\evil.example/..");
  assert.is(response.header("Location"), null);
  assert.ok(response.status >= 400);
});
folders.run();

const keeping = staticSuite("how long a static file may be kept");
keeping("is ten years for a URL with a version", async () => {
  const root = caseFolder();
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < 2; i++) {
    const response = await client.get(`${robotsUrl}?v=abc`);
    assert.is(response.header("Cache-Control"), "max-age=315360000");
    const years = (Date.parse(response.header("Expires") ?? "") - Date.now()) / 31_536_000_000;
    assert.ok(years > 9.99 && years < 10.01);
  }
});
keeping("is for ever if the version is the file's", async () => {
  const root = caseFolder();
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root)).connect();
  for (let i = 0; i < 2; i++) {
    const response = await client.get(`${robotsUrl}?v=${robotsVersion}`);
    assert.is(response.header("Cache-Control"), "max-age=315360000, immutable");
  }
});
keeping("is said with 304, and not with 416", async () => {
  const client = await (await serveFolder(caseFolder())).connect();
  const unchanged = await client.get(`${robotsUrl}?v=abc`, "If-None-Match: *\r\n");
  assert.is(unchanged.header("Cache-Control"), "max-age=315360000");
  const refused = await client.get(`${robotsUrl}?v=abc`, "Range: bytes=26-\r\n");
  assert.is(refused.header("Cache-Control"), null);
  assert.is(refused.header("Expires"), null);
});
keeping("is cacheMaxAgeMs otherwise", async () => {
  const client = await (await serveFolder(caseFolder(), { cacheMaxAgeMs: 60_999 })).connect();
  assert.is((await client.get(robotsUrl)).header("Cache-Control"), "max-age=60");
  assert.is((await client.get(`${robotsUrl}?w=1`)).header("Cache-Control"), "max-age=60");
});
keeping.run();
