/** Known requests and the answers they must get, byte for byte: static files, compression and templates, cases 117 to 131. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import * as assert from "uvu/assert";
import {
  DictLoader,
  linkify,
  RequestHandler,
  StaticFileHandler,
  UIModule,
} from "../../lib/index.ts";
import { serverSuite } from "../support/servers.ts";
import { get, HOST, serving } from "../support/wire.ts";

const ROBOTS = "User-agent: *\nDisallow: /\n";
const TAG =
  '"63a36e950e134b5217e33c763e88840c10a07d80e6057d92b9ac97508de7fb1f' +
  'a6f0e9b7531e169657165ea764e8963399cb6d921ffe6078425aaafe54c04563"';

let folder = "";
let staticPath = "";

const t = serverSuite("known requests for files");

t.before(() => {
  folder = mkdtempSync(path.join(tmpdir(), "landspout-cases-"));
  staticPath = path.join(folder, "static");
  mkdirSync(path.join(staticPath, "dir"), { recursive: true });
  writeFileSync(path.join(staticPath, "robots.txt"), ROBOTS);
  writeFileSync(path.join(staticPath, "sample.xml"), "<a/>");
  writeFileSync(path.join(staticPath, "sample.xml.gz"), gzipSync("<a/>"));
  writeFileSync(path.join(staticPath, "dir/index.html"), "this is the index\n");
  writeFileSync(path.join(folder, "static_foo.txt"), "sibling");
});
t.after(() => rmSync(folder, { recursive: true, force: true }));

const head = (fields = "") => `HEAD /static/robots.txt HTTP/1.1\r\n${HOST}${fields}\r\n`;

t("117: HEAD of a file has the fields of GET and no body", async () => {
  const { ask, connect } = await serving([], { staticPath });
  const whole = await ask(get("/static/robots.txt"));
  const client = await connect();
  void client.send(head());
  const response = await client.readResponse({ method: "HEAD" });
  assert.is(response.status, 200);
  for (const name of ["Content-Length", "Content-Type", "Etag", "Last-Modified"]) {
    assert.ok(whole.header(name));
    assert.is(response.header(name), whole.header(name), name);
  }
  void client.send(head("Range: bytes=1-4\r\n"));
  const range = await client.readResponse({ method: "HEAD" });
  assert.is(range.status, 206);
  assert.is(range.header("Content-Length"), "4");
  assert.is(range.header("Content-Range"), "bytes 1-4/26");
  await client.staysOpen();
  assert.is(client.unread, "");
});

t("119: conditional requests of a file", async () => {
  const { ask } = await serving([], { staticPath });
  const robots = (fields: string) => ask(get("/static/robots.txt", fields));
  const lastModified = (await robots("")).header("Last-Modified") ?? "";
  const before = new Date(Date.parse(lastModified) - 1000).toUTCString();
  const unchanged = await robots(`If-Modified-Since: ${lastModified}\r\n`);
  assert.is(unchanged.status, 304);
  assert.is(unchanged.header("Content-Length"), null);
  assert.is((await robots(`If-Modified-Since: ${before}\r\n`)).status, 200);
  const tagged = await robots(`If-None-Match: ${TAG}\r\n`);
  assert.is(tagged.status, 304);
  assert.is(tagged.header("Etag"), TAG);
  const both = `If-None-Match: "MISMATCH"\r\nIf-Modified-Since: ${lastModified}\r\n`;
  assert.is((await robots(both)).status, 200);
  assert.is((await robots("If-Modified-Since: !nv@l!d\r\n")).status, 200);
  const old = "If-Modified-Since: Fri, 01 Jan 1960 00:00:00 GMT\r\n";
  assert.is((await robots(old)).status, 200);
  const range = await robots(`Range: bytes=1-4\r\nIf-None-Match: ${TAG}\r\n`);
  assert.is(range.status, 304);
  assert.is(range.body.length, 0);
});

for (const range of ["-0", "26-", "26", "10-3"]) {
  t(`121: the range bytes=${range} of 26 bytes is 416`, async () => {
    const { ask } = await serving([], { staticPath });
    const response = await ask(get("/static/robots.txt", `Range: bytes=${range}\r\n`));
    assert.is(response.status, 416);
    assert.is(response.header("Content-Range"), "bytes */26");
  });
}

t("123: a folder is answered with its default file, or redirected to", async () => {
  const { ask } = await serving([], {
    staticPath,
    staticHandlerArgs: { defaultFilename: "index.html" },
  });
  const index = await ask(get("/static/dir/"));
  assert.equal([index.status, index.text], [200, "this is the index\n"]);
  const moved = await ask(get("/static/dir"));
  assert.is(moved.status, 301);
  assert.is(moved.header("Location"), "/static/dir/");
});

t("125: staticUrl() with version, without, and with the host", async () => {
  class StaticURL extends RequestHandler {
    get(file: string) {
      this.write(this.staticUrl(file, { includeVersion: this.getArgument("v", "1") === "1" }));
    }
  }
  class AbsoluteURL extends RequestHandler {
    override includeHost = true;
    get(file: string) {
      this.write(this.staticUrl(file));
    }
  }
  const { ask } = await serving(
    [
      ["/surl/(.*)", StaticURL],
      ["/asurl/(.*)", AbsoluteURL],
    ],
    { staticPath },
  );
  const version = createHash("sha512").update(ROBOTS).digest("hex");
  const url = `/static/robots.txt?v=${version}`;
  assert.is((await ask(get("/surl/robots.txt"))).text, url);
  assert.is((await ask(get("/surl/robots.txt?v=0"))).text, "/static/robots.txt");
  assert.is((await ask(get("/asurl/robots.txt"))).text, `http://127.0.0.1${url}`);
});

t("127: what is compressed, and what is not", async () => {
  class JSONText extends RequestHandler {
    get() {
      this.write({ text: "a".repeat(2048) });
    }
  }
  class Image extends RequestHandler {
    get() {
      this.setHeader("Content-Type", "image/png");
      this.write("a".repeat(2048));
    }
  }
  class Stream extends RequestHandler {
    async get() {
      this.write("ab");
      await this.flush();
      this.write("cd");
    }
  }
  const { ask } = await serving(
    [
      ["/j", JSONText],
      ["/b", Image],
      ["/s", Stream],
      ["/(robots\\.txt)", StaticFileHandler, { path: staticPath }],
    ],
    { compressResponse: true },
  );
  const gzip = "Accept-Encoding: gzip\r\n";
  const json = await ask(get("/j", gzip));
  assert.is(json.header("Content-Encoding"), "gzip");
  assert.is(JSON.parse(gunzipSync(json.body).toString()).text.length, 2048);
  assert.is((await ask(get("/b", gzip))).header("Content-Encoding"), null);
  const stream = await ask(get("/s", gzip));
  assert.is(stream.header("Content-Encoding"), "gzip");
  assert.is(stream.header("Content-Length"), null);
  assert.is(stream.framing, "chunked");
  assert.is(gunzipSync(stream.body).toString(), "abcd");
  const file = await ask(get("/robots.txt", gzip));
  assert.is(file.header("Content-Encoding"), "gzip");
  assert.is(gunzipSync(file.body).toString(), ROBOTS);
});

class Page extends RequestHandler {
  get(name: string) {
    return this.render(name, { x: "<i>&\"'", m: "http://example.com" });
  }
}

t("129: {{ }} is escaped, raw is not", async () => {
  const templateLoader = new DictLoader({ "a.html": "<b>{{ x }}</b>{% raw x %}" });
  const { ask } = await serving([["/t/(.*)", Page]], { templateLoader });
  const { text } = await ask(get("/t/a.html"));
  assert.is(text, "<b>&lt;i&gt;&amp;&quot;&#x27;</b><i>&\"'");
});

t("131: what a UI module renders is not escaped", async () => {
  class Linkify extends UIModule {
    override render(text: string) {
      return linkify(text);
    }
  }
  for (const settings of [{}, { uiModules: { linkify: Linkify } }]) {
    const templateLoader = new DictLoader({ "mod.html": "{% module linkify(m) %}" });
    const { ask } = await serving([["/t/(.*)", Page]], { templateLoader, ...settings });
    const { text } = await ask(get("/t/mod.html"));
    assert.is(text, '<a href="http://example.com">http://example.com</a>');
  }
});

t.run();
