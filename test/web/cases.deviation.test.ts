/** Known requests in which Tornado is wrong, and the answers they must get here, byte for byte: cases 179 to 199. */
import * as assert from "uvu/assert";
import { RedirectHandler, RequestHandler } from "../../lib/index.ts";
import { serverSuite } from "../support/servers.ts";
import { get, HOST, serving } from "../support/wire.ts";
import { caseFolder } from "./staticfolders.ts";
import { staticSuite } from "./statictools.ts";

class Body extends RequestHandler {
  post() {
    this.write(`${this.request.body.length}:`);
  }
  put() {
    this.post();
  }
}

const t = serverSuite("known requests that Tornado answers otherwise");

t("179: OPTIONS * is 204 with Allow and without a body", async () => {
  const { ask } = await serving([]);
  const response = await ask(`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`);
  assert.is(response.status, 204);
  assert.ok(response.header("Allow"));
  assert.is(response.body.length, 0);
});

t("181: a body that is declared too long is not asked for", async () => {
  const { connect } = await serving([["/body", Body]], {}, { maxBodyBytes: 4096 });
  const client = await connect();
  const fields = "Content-Length: 10240\r\nExpect: 100-continue\r\n";
  void client.send(`PUT /body HTTP/1.1\r\n${HOST}${fields}\r\n`);
  assert.is((await client.readResponse()).status, 413);
  await client.closed();
});

t("183: a line with a chunk's size that is too long is 400 and the end", async () => {
  const { refused } = await serving([["/body", Body]]);
  const body = `${"0".repeat(70)}5\r\nhello\r\n0\r\n\r\n`;
  await refused(`POST /body HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}`);
});

t("185: gzip;q=0 is not compressed", async () => {
  class Text extends RequestHandler {
    get() {
      this.write("a".repeat(1035));
    }
  }
  const { ask } = await serving([["/", Text]], { compressResponse: true });
  const response = await ask(get("/", "Accept-Encoding: gzip;q=0\r\n"));
  assert.is(response.header("Content-Encoding"), null);
  assert.is(response.text, "a".repeat(1035));
});

t("195: more than 1,000 arguments in a query are 400", async () => {
  class Args extends RequestHandler {
    get() {
      this.write({ all: this.getArguments("a") });
    }
  }
  const { ask, json } = await serving([["/args", Args]]);
  assert.is((await ask(get(`/args?${"a=1&".repeat(1000)}a=1`))).status, 400);
  const { all } = (await json(get(`/args?${"a=1&".repeat(999)}a=1`))) as { all: string[] };
  assert.is(all.length, 1000);
});

for (const target of ["/rd//evil.com", "/rd/%2Fevil.com", "/rd/\\evil.com", "/rd/%5Cevil.com"]) {
  t(`197: ${target} does not lead to another host`, async () => {
    const { ask } = await serving([["/rd/(.*)", RedirectHandler, { url: "/{0}" }]]);
    const response = await ask(get(target));
    const location = response.header("Location");
    if (location === null) assert.ok(response.status >= 400);
    else assert.match(location, /^\/(?![/\\])/);
  });
}

t("199: maxAge cannot begin another attribute", async () => {
  class MaxAge extends RequestHandler {
    get() {
      this.setCookie("a", "b", { maxAge: this.getArgument("m") as unknown as number });
    }
  }
  const { ask } = await serving([["/ckmax", MaxAge]]);
  const response = await ask(get("/ckmax?m=10%3B%20Domain%3Devil.com"));
  assert.is(response.status, 500);
  assert.is(response.header("Set-Cookie"), null);
});

t.run();

const files = staticSuite("known requests for files that Tornado answers otherwise");

files("187: an If-Range that does not match gets the whole file", async () => {
  const { ask } = await serving([], { staticPath: caseFolder() });
  const fields = 'Range: bytes=0-9\r\nIf-Range: "zzz"\r\n';
  const response = await ask(get("/static/robots.txt", fields));
  assert.is(response.status, 200);
  assert.is(response.body.length, 26);
});

files.run();
