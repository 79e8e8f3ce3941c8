/** What a subclass of StaticFileHandler, its route and its application may change; URLs of static files. */
import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import * as assert from "uvu/assert";
import { StaticFileHandler } from "../../lib/web/staticfilehandler.ts";
import { staticRoutes } from "../../lib/web/staticroutes.ts";
import { MOST_SYNC_BYTES } from "../../lib/web/staticversions.ts";
import { HTTPError, type InitArgs, MiB } from "../../lib/index.ts";
import { logged, loggedErrors, startServer } from "../support/servers.ts";
import { caseFolder, folderOf, put, robots, robotsVersion, settled } from "./staticfolders.ts";
import { head, serveFolder, staticSuite } from "./statictools.ts";

const url = "/static/robots.txt";

/** The response of a handler class, first of a file that is opened, then of one that may be kept. */
async function twice(handler: typeof StaticFileHandler, target = url, fields = "", args = {}) {
  const root = caseFolder();
  await settled(path.join(root, "robots.txt"));
  const client = await (await serveFolder(root, args, { handler })).connect();
  return [await client.get(target, fields), await client.get(target, fields)] as const;
}

const hooks = staticSuite("a subclass of StaticFileHandler");
hooks("adds fields in setExtraHeaders", async () => {
  class Extra extends StaticFileHandler {
    override setExtraHeaders(urlPath: string): void {
      this.setHeader("X-Path", urlPath);
      this.setHeader("Cache-Control", "no-store");
    }
  }
  for (const response of await twice(Extra)) {
    assert.is(response.header("X-Path"), "robots.txt");
    assert.is(response.header("Cache-Control"), "no-store");
    assert.is(response.text, robots);
  }
});
hooks("adds fields in prepare and setDefaultHeaders", async () => {
  class Extra extends StaticFileHandler {
    override setDefaultHeaders(): void {
      this.setHeader("X-Default", "1");
    }
    override prepare(): void {
      this.setCookie("a", "b");
    }
  }
  for (const response of await twice(Extra)) {
    assert.is(response.header("X-Default"), "1");
    assert.match(response.header("Set-Cookie") ?? "", /^a=b/);
    assert.is(response.header("Content-Type"), "text/plain");
    assert.is(response.text, robots);
  }
});
hooks("says the type, the time and the tag", async () => {
  class Own extends StaticFileHandler {
    override getContentType(): string {
      return "text/x-robots";
    }
    override getCacheTime(): number {
      return 60;
    }
    override getModifiedTime(): Date {
      return new Date(784111777000);
    }
    override computeEtag(): string {
      return '"mine"';
    }
  }
  for (const response of await twice(Own)) {
    assert.is(response.header("Content-Type"), "text/x-robots");
    assert.is(response.header("Cache-Control"), "max-age=60");
    assert.is(response.header("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert.is(response.header("Etag"), '"mine"');
  }
  for (const response of await twice(Own, url, 'If-None-Match: "mine"\r\n')) {
    assert.is(response.status, 304);
  }
});
hooks("has no tag if computeEtag gives none", async () => {
  class Untagged extends StaticFileHandler {
    override computeEtag(): null {
      return null;
    }
  }
  for (const response of await twice(Untagged)) {
    assert.is(response.header("Etag"), null);
    assert.is(response.text, robots);
  }
});
hooks("makes versions of something else, and may take its time", async () => {
  class Versioned extends StaticFileHandler {
    static override async getContentVersion(file: string): Promise<string> {
      return String(statSync(file).size);
    }
  }
  for (const response of await twice(Versioned)) assert.is(response.header("Etag"), '"26"');
});
hooks("decides itself what has not been modified", async () => {
  class Never extends StaticFileHandler {
    override shouldReturn304(): boolean {
      return false;
    }
  }
  for (const response of await twice(Never, url, "If-None-Match: *\r\n")) {
    assert.is(response.status, 200);
  }
});
hooks("rewrites paths", async () => {
  class Rewriting extends StaticFileHandler {
    override parseUrlPath(urlPath: string): string {
      return urlPath.replace(/^v\d+\//, "");
    }
  }
  for (const response of await twice(Rewriting, "/static/v12/robots.txt")) {
    assert.is(response.text, robots);
  }
});
hooks("serves another file where there is none, as a page application does", async () => {
  class Fallback extends StaticFileHandler {
    override async validateAbsolutePath(root: string, file: string): Promise<string | null> {
      try {
        return await super.validateAbsolutePath(root, file);
      } catch (error) {
        if (!(error instanceof HTTPError) || error.statusCode !== 404) throw error;
        return path.join(root, "dir/index.html");
      }
    }
  }
  for (const response of await twice(Fallback, "/static/some/page")) {
    assert.is(response.status, 200);
    assert.is(response.text, "this is the index\n");
    assert.is(response.header("Content-Type"), "text/html");
  }
  for (const response of await twice(Fallback)) assert.is(response.text, robots);
  for (const response of await twice(Fallback, "/static/../static_foo.txt")) {
    assert.is(response.status, 403);
  }
});
hooks("calls get() of the base class when it likes", async () => {
  class Guarded extends StaticFileHandler {
    override async get(group?: string): Promise<void> {
      await null;
      if (this.getQueryArgument("key", null) !== "k") throw new HTTPError(401);
      await super.get(group);
      this.setHeader("X-After", "1");
    }
  }
  for (const response of await twice(Guarded)) assert.is(response.status, 401);
  for (const response of await twice(Guarded, `${url}?key=k`)) {
    assert.is(response.status, 200);
    assert.is(response.header("X-After"), "1");
    assert.is(response.text, robots);
  }
});
hooks("that writes beside the file fails, and sends no mixture", async () => {
  class Writing extends StaticFileHandler {
    override async get(group?: string): Promise<void> {
      await super.get(group);
      this.write("more");
    }
  }
  for (const response of await twice(Writing)) assert.is(response.status, 500);
  assert.is(loggedErrors().length, 2);
});
hooks("brings its content from elsewhere", async () => {
  const content = "0123456789".repeat(10_000);
  class Virtual extends StaticFileHandler {
    static override async *getContent(_file: string, start = 0, end?: number) {
      for (let at = start; at < (end ?? content.length); at += 30_000) {
        yield content.slice(at, Math.min(at + 30_000, end ?? content.length));
      }
    }
    static override getContentVersion(file: string): string {
      return `v-${path.basename(file)}`;
    }
    override async validateAbsolutePath(_root: string, file: string): Promise<string> {
      if (!file.endsWith("/virtual.txt")) throw new HTTPError(404);
      return file;
    }
    override getContentSize(): number {
      return content.length;
    }
    override getModifiedTime(): null {
      return null;
    }
  }
  const client = await (await serveFolder(caseFolder(), {}, { handler: Virtual })).connect();
  const response = await client.get("/static/virtual.txt");
  assert.is(response.text, content);
  assert.is(response.header("Content-Length"), "100000");
  assert.is(response.header("Etag"), '"v-virtual.txt"');
  assert.is(response.header("Last-Modified"), null);
  assert.is((await client.get("/static/virtual.txt", "Range: bytes=29999-30001\r\n")).text, "901");
  assert.is((await head(client, "/static/virtual.txt")).header("Content-Length"), "100000");
  assert.is((await client.get(url)).status, 404);
});
hooks("with an initialize() of its own needs to set the root alone", async () => {
  const root = caseFolder();
  class Bare extends StaticFileHandler {
    override defaultFilename = "index.html";
    override dotfiles = "allow" as const;
    override initialize({ folder }: InitArgs): void {
      this.root = String(folder);
    }
  }
  put(root, ".well-known/x", "well known");
  const { connect } = await startServer([["/static/(.*)", Bare, { folder: root }]]);
  const client = await connect();
  assert.is((await client.get(url)).text, robots);
  assert.is((await client.get("/static/dir/")).text, "this is the index\n");
  assert.is((await client.get("/static/.well-known/x")).text, "well known");
  assert.is((await client.get("/static/../static_foo.txt")).status, 403);
});
hooks("calls onFinish and is logged once", async () => {
  let finished = 0;
  class Counting extends StaticFileHandler {
    override onFinish(): void {
      finished++;
    }
  }
  await twice(Counting);
  assert.is(finished, 2);
  assert.is(logged("info").filter(({ message }) => /^200 GET /.test(message)).length, 2);
});
hooks.run();

const args = staticSuite("the init args of StaticFileHandler");
for (const [given, code] of [
  [{}, "ERR_OPTION_TYPE"],
  [{ path: 1 }, "ERR_OPTION_TYPE"],
  [{ path: "/", defaultFile: "x" }, "ERR_UNKNOWN_OPTION"],
  [{ path: "/", dotfiles: "deny" }, "ERR_OPTION_RANGE"],
  [{ path: "/", allowedSymlinkDirectory: [1] }, "ERR_OPTION_TYPE"],
  [{ path: "/", cacheMaxAgeMs: -1 }, "ERR_OPTION_RANGE"],
] as const) {
  args(`${JSON.stringify(given)} are refused with ${code}`, async () => {
    const { connect } = await startServer([["/static/(.*)", StaticFileHandler, given]]);
    assert.is((await (await connect()).get(url)).status, 500);
    assert.match(JSON.stringify(loggedErrors()[0]?.error), new RegExp(code));
  });
}
args("hashLimitBytes parts what is tagged by content from what is not", async () => {
  const root = folderOf({
    "under.bin": "a".repeat(99),
    "at.bin": "a".repeat(100),
    "over.bin": "a".repeat(101),
  });
  await settled(path.join(root, "over.bin"));
  const client = await (await serveFolder(root, { hashLimitBytes: 100 })).connect();
  const tagOf = async (name: string) => (await client.get(`/static/${name}`)).header("Etag") ?? "";
  const hash = (text: string) => `"${createHash("sha512").update(text).digest("hex")}"`;
  assert.is(await tagOf("under.bin"), hash("a".repeat(99)));
  assert.is(await tagOf("at.bin"), hash("a".repeat(100)));
  const tag = await tagOf("over.bin");
  assert.match(tag, /^"65-[0-9a-f]{40}"$/);
  const fields = `Range: bytes=1-2\r\nIf-Range: ${tag}\r\n`;
  assert.is((await client.get("/static/over.bin", fields)).status, 206);
  writeFileSync(path.join(root, "over.bin"), "b".repeat(101));
  assert.is.not(await tagOf("over.bin"), tag);
});
args.run();

const urls = staticSuite("makeStaticUrl");
const settingsOf = (staticPath: string) => ({ staticPath, staticUrlPrefix: "/static/" });
urls("adds the version of the content, and follows its changes", () => {
  const root = caseFolder();
  const settings = settingsOf(root);
  const plain = "/static/robots.txt";
  assert.is(StaticFileHandler.makeStaticUrl(settings, "robots.txt"), `${plain}?v=${robotsVersion}`);
  assert.is(StaticFileHandler.makeStaticUrl(settings, "robots.txt", false), plain);
  assert.is(StaticFileHandler.getVersion(settings, "robots.txt"), robotsVersion);
  put(root, "robots.txt", "changed");
  const version = createHash("sha512").update("changed").digest("hex");
  assert.is(StaticFileHandler.makeStaticUrl(settings, "robots.txt"), `${plain}?v=${version}`);
});
urls("names a missing file without a version, and logs it", () => {
  const settings = settingsOf(caseFolder());
  assert.is(StaticFileHandler.makeStaticUrl(settings, "missing.txt"), "/static/missing.txt");
  assert.is(StaticFileHandler.makeStaticUrl(settings, "dir"), "/static/dir");
  assert.is(logged("error").length, 2);
});
urls("needs staticPath for a version", () => {
  assert.throws(() => StaticFileHandler.makeStaticUrl({}, "a"), /staticPath/);
  assert.is(StaticFileHandler.makeStaticUrl({}, "a", false), "/static/a");
});
urls("asks the class for the version", () => {
  class Own extends StaticFileHandler {
    static override getContentVersion(file: string): string {
      return `of-${path.basename(file)}`;
    }
  }
  const settings = settingsOf(caseFolder());
  assert.is(Own.makeStaticUrl(settings, "robots.txt"), "/static/robots.txt?v=of-robots.txt");
});
urls("does not read a file over MOST_SYNC_BYTES, whose version is one all the same", async () => {
  const root = folderOf({
    "at.bin": Buffer.alloc(MOST_SYNC_BYTES),
    "over.bin": Buffer.alloc(MOST_SYNC_BYTES + 1),
  });
  assert.is(MOST_SYNC_BYTES, 8 * MiB);
  const settings = settingsOf(root);
  assert.match(StaticFileHandler.getVersion(settings, "at.bin") ?? "", /^[0-9a-f]{128}$/);
  const version = StaticFileHandler.getVersion(settings, "over.bin") ?? "";
  assert.match(version, /^800001-[0-9a-f]{40}$/);
  const client = await (await serveFolder(root)).connect();
  const response = await head(client, `/static/over.bin?v=${version}`);
  assert.is(response.header("Cache-Control"), "max-age=315360000, immutable");
});
urls.run();

const routes = staticSuite("staticRoutes");
const routeSettings = {
  staticUrlPrefix: "/static/",
  staticHandlerClass: null,
  staticHandlerArgs: {},
};
routes("serve the prefix, the icon and robots.txt", async () => {
  const root = caseFolder();
  put(root, "favicon.ico", "icon");
  const { connect } = await startServer(staticRoutes({ ...routeSettings, staticPath: root }));
  const client = await connect();
  assert.is((await client.get(url)).text, robots);
  assert.is((await client.get("/robots.txt")).text, robots);
  assert.is((await client.get("/favicon.ico")).text, "icon");
  assert.is((await client.get("/sample.xml")).status, 404);
});
routes("take another prefix, class and init args", async () => {
  class Own extends StaticFileHandler {
    override setExtraHeaders(): void {
      this.setHeader("X-Own", "1");
    }
  }
  const list = staticRoutes({
    staticPath: caseFolder(),
    staticUrlPrefix: "/a.b/(c)/",
    staticHandlerClass: Own,
    staticHandlerArgs: { defaultFilename: "index.html" },
  });
  const client = await (await startServer(list)).connect();
  const response = await client.get("/a.b/(c)/dir/");
  assert.is(response.text, "this is the index\n");
  assert.is(response.header("X-Own"), "1");
  assert.is((await client.get("/aXb/(c)/dir/")).status, 404);
});
routes("leave out a prefix that is another server's", async () => {
  const staticUrlPrefix = "https://cdn.example/static/";
  const given = { ...routeSettings, staticUrlPrefix, staticPath: caseFolder() };
  assert.is(staticRoutes(given).length, 2);
  const url = StaticFileHandler.makeStaticUrl(given, "robots.txt", false);
  assert.is(url, "https://cdn.example/static/robots.txt");
});
routes("are none without staticPath, and refuse a prefix without slashes", () => {
  assert.equal(staticRoutes({ ...routeSettings, staticPath: null }), []);
  for (const staticUrlPrefix of ["static/", "/static", "", "https://cdn.example", "ftp://a/"]) {
    assert.throws(
      () => staticRoutes({ ...routeSettings, staticPath: "/", staticUrlPrefix }),
      /staticUrlPrefix/,
    );
  }
});
routes.run();
