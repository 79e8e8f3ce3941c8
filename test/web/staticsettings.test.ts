/** The settings of an application that concern static files, and staticUrl() in its handlers. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { RequestHandler, StaticFileHandler } from "../../lib/index.ts";
import { logged, startServer } from "../support/servers.ts";
import { caseFolder, put, robots, robotsVersion } from "./staticfolders.ts";
import { head, staticSuite } from "./statictools.ts";

class Url extends RequestHandler {
  get(path: string): void {
    const includeVersion = this.getQueryArgument("v", "1") === "1";
    this.write(this.staticUrl(path, { includeVersion }));
  }
}
class AbsoluteUrl extends RequestHandler {
  get(path: string): void {
    this.write(this.staticUrl(path, { includeHost: true }));
  }
}
const routes = [
  ["/surl/(.*)", Url],
  ["/asurl/(.*)", AbsoluteUrl],
] as const;

const settings = staticSuite("the setting staticPath");
settings("serves the folder below /static/, its icon and its robots.txt", async () => {
  const root = caseFolder();
  put(root, "favicon.ico", "icon");
  const client = await (await startServer([], {}, { staticPath: root })).connect();
  const response = await client.get("/static/robots.txt");
  assert.is(response.text, robots);
  assert.is(response.header("Etag"), `"${robotsVersion}"`);
  assert.is((await client.get("/robots.txt")).text, robots);
  assert.is((await client.get("/favicon.ico")).text, "icon");
  assert.is((await client.get("/sample.xml")).status, 404);
  const part = await head(client, "/static/robots.txt", "Range: bytes=1-4\r\n");
  assert.is(part.status, 206);
  assert.is(part.header("Content-Range"), "bytes 1-4/26");
});
settings("comes before the application's own routes", async () => {
  class Own extends RequestHandler {
    get(): void {
      this.write("own");
    }
  }
  const { connect } = await startServer([["/.*", Own]], {}, { staticPath: caseFolder() });
  const client = await connect();
  assert.is((await client.get("/static/robots.txt")).text, robots);
  assert.is((await client.get("/static/missing")).status, 404);
  assert.is((await client.get("/other")).text, "own");
});
settings("takes staticHandlerArgs, staticHandlerClass and staticUrlPrefix", async () => {
  class Own extends StaticFileHandler {
    override setExtraHeaders(): void {
      this.setHeader("X-Own", "1");
    }
  }
  const { connect } = await startServer(
    routes,
    {},
    {
      staticPath: caseFolder(),
      staticUrlPrefix: "/files/",
      staticHandlerClass: Own,
      staticHandlerArgs: { defaultFilename: "index.html" },
    },
  );
  const client = await connect();
  const response = await client.get("/files/dir/");
  assert.is(response.text, "this is the index\n");
  assert.is(response.header("X-Own"), "1");
  assert.is((await client.get("/files/dir")).header("Location"), "/files/dir/");
  assert.is((await client.get("/surl/robots.txt?v=0")).text, "/files/robots.txt");
});
settings("with compressResponse sends files compressed", async () => {
  const given = { staticPath: caseFolder(), compressResponse: true };
  const client = await (await startServer([], {}, given)).connect();
  const response = await client.get("/robots.txt", "Accept-Encoding: gzip\r\n");
  assert.is(response.framing, "chunked");
  assert.is(zlib.gunzipSync(response.body).toString(), robots);
});
settings.run();

const urls = staticSuite("staticUrl");
urls("names the file with its version, or without", async () => {
  const client = await (await startServer(routes, {}, { staticPath: caseFolder() })).connect();
  assert.is((await client.get("/surl/robots.txt")).text, `/static/robots.txt?v=${robotsVersion}`);
  assert.is((await client.get("/surl/robots.txt?v=0")).text, "/static/robots.txt");
  assert.is((await client.get("/surl/missing.txt")).text, "/static/missing.txt");
  assert.is(logged("error").length, 1);
});
urls("names the host that was asked", async () => {
  const client = await (await startServer(routes, {}, { staticPath: caseFolder() })).connect();
  void client.send("GET /asurl/robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  const { text } = await client.readResponse();
  assert.is(text, `http://127.0.0.1/static/robots.txt?v=${robotsVersion}`);
});
urls("that is followed may be kept for ever", async () => {
  const client = await (await startServer(routes, {}, { staticPath: caseFolder() })).connect();
  const url = (await client.get("/surl/robots.txt")).text;
  const response = await client.get(url);
  assert.is(response.text, robots);
  assert.is(response.header("Cache-Control"), "max-age=315360000, immutable");
});
urls("needs the setting staticPath", async () => {
  const client = await (await startServer(routes)).connect();
  assert.is((await client.get("/surl/robots.txt")).status, 500);
});
urls.run();
