/** inject(): requests without a socket, through the parser, the router, the handlers and the serializer. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import {
  Application,
  HTTPServer,
  IOLoop,
  RequestHandler,
  StaticFileHandler,
} from "../../lib/index.ts";
import { inject } from "../../lib/testing/index.ts";
import { turns, within } from "../support/rawclient.ts";
import { failureOf, makeApp, resultOf, testingSuite } from "./testingtools.ts";

interface Mirrored {
  readonly method: string;
  readonly uri: string;
  readonly remoteIp: string;
  readonly headers: Record<string, string>;
  readonly cookies: Record<string, string>;
  readonly query: string[];
  readonly form: string[];
  readonly file: string | null;
  readonly body: string;
}

/** A file of the compiled library. */
const index = (file: string): string => new URL(`../../lib/${file}`, import.meta.url).href;

const app = makeApp();
const mirrored = async (request: Parameters<typeof inject>[1]): Promise<Mirrored> =>
  (await inject(app, request)).json<Mirrored>();

const t = testingSuite("an injected request");

t("is answered by the application", async () => {
  const response = await inject(app, "/");
  assert.is(response.statusCode, 200);
  assert.is(response.reason, "OK");
  assert.is(response.headers.get("Content-Length"), "5");
  assert.is(response.headers.get("Server"), "landspout");
  assert.is(response.text(), "hello");
  assert.equal(response.body, Buffer.from("hello"));
  assert.is((await inject(app, "/nowhere")).statusCode, 404);
});

t("arrives as it was described", async () => {
  const got = await mirrored({
    method: "PUT",
    path: "/mirror/a b/ü?q=1",
    query: [
      ["q", "2 &"],
      ["q", "ß"],
    ],
    headers: { "X-One": "1", "User-Agent": "tests" },
    cookies: { a: "1", b: "two" },
    body: "some text",
  });
  assert.is(got.method, "PUT");
  assert.is(got.uri, "/mirror/a%20b/%c3%bc?q=1&q=2+%26&q=%C3%9F");
  assert.equal(got.query, ["1", "2 &", "ß"]);
  assert.equal(got.cookies, { a: "1", b: "two" });
  assert.is(got.body, "some text");
  assert.is(got.remoteIp, "127.0.0.1");
  assert.is(got.headers["X-One"], "1");
  assert.is(got.headers["Content-Type"], "text/plain;charset=UTF-8");
  assert.is(got.headers["Content-Length"], "9");
  assert.is(got.headers.Host, "127.0.0.1");
});

t("may be a URL, whose host is asked for", async () => {
  for (const url of [
    "http://shop.example:8080/mirror?q=x",
    new URL("http://shop.example:8080/mirror?q=x"),
  ]) {
    const got = await mirrored(url);
    assert.is(got.headers.Host, "shop.example:8080");
    assert.is(got.uri, "/mirror?q=x");
  }
  const got = await mirrored({ url: new URL("http://a/mirror"), headers: { host: "b" } });
  assert.is(got.headers.Host, "b");
});

t("has an object as JSON", async () => {
  const got = await mirrored({ path: "/mirror", body: { a: [1, null] } });
  assert.is(got.method, "POST");
  assert.is(got.headers["Content-Type"], "application/json");
  assert.is(got.body, '{"a":[1,null]}');
  assert.is((await mirrored({ path: "/mirror", body: [1, 2] })).body, "[1,2]");
});

t("has a form as browsers send it", async () => {
  const body = new URLSearchParams([
    ["f", "1"],
    ["f", "ä ö"],
  ]);
  assert.equal((await mirrored({ path: "/mirror", body })).form, ["1", "ä ö"]);
  const form = new FormData();
  form.append("f", "field");
  form.append("file", new Blob(["contents"]), "a.txt");
  const got = await mirrored({ path: "/mirror", body: form });
  assert.equal([got.form, got.file], [["field"], "contents"]);
  assert.match(got.headers["Content-Type"] ?? "", /^multipart\/form-data; boundary=/);
});

t("has bytes as they are, and a field that is given in the place of its own", async () => {
  const got = await mirrored({
    path: "/mirror",
    body: Buffer.from([0, 255, 10]),
    headers: { "Content-Type": "image/x" },
  });
  assert.is(got.body, "\0\xff\n");
  assert.is(got.headers["Content-Type"], "image/x");
  const blob = await mirrored({ path: "/mirror", body: new Blob(["b"], { type: "text/x" }) });
  assert.equal([blob.body, blob.headers["Content-Type"]], ["b", "text/x"]);
});

t("sends what an iterable yields as chunks", async () => {
  async function* pieces() {
    yield "one";
    yield "";
    await Promise.resolve();
    yield Buffer.from("two");
  }
  const got = await mirrored({ path: "/mirror", body: pieces() });
  assert.is(got.body, "onetwo");
  assert.is(got.headers["Transfer-Encoding"], "chunked");
  assert.is(got.headers["Content-Length"], undefined);
});

t("rejects with what the pieces of its body throw", async () => {
  async function* pieces() {
    yield "one";
    throw new TypeError("no more pieces");
  }
  const error = await failureOf(inject(app, { path: "/mirror", body: pieces() }));
  assert.is(error.message, "no more pieces");
});

t("says that it has no body where one is usual", async () => {
  assert.is((await mirrored({ path: "/mirror", method: "POST" })).headers["Content-Length"], "0");
  assert.is((await mirrored({ path: "/mirror" })).headers["Content-Length"], undefined);
});

t("comes from the address that it is said to come from", async () => {
  assert.is((await mirrored({ path: "/mirror", remoteIp: "2001:db8::7" })).remoteIp, "2001:db8::7");
  const error = await failureOf(inject(app, { path: "/mirror", remoteIp: "localhost" }));
  assert.is(error.code, "ERR_ARGUMENT_RANGE");
});

t("gives cookies back that the next may have", async () => {
  const { cookies } = await inject(app, "/");
  assert.equal([...cookies.keys()].sort(), ["n", "theme"]);
  const theme = cookies.get("theme");
  assert.is(theme?.value, "dark");
  assert.equal(Object.fromEntries(theme?.attributes ?? []), {
    httponly: "",
    "max-age": "60",
    path: "/",
  });
  const got = await mirrored({ path: "/mirror", cookies });
  assert.equal(got.cookies, { n: "1", theme: "dark" });
});

t("by HEAD has the fields and no body", async () => {
  const response = await inject(
    new Application([
      [
        "/",
        class extends RequestHandler {
          override head() {
            this.setHeader("Content-Length", "12");
          }
        },
      ],
    ]),
    { path: "/", method: "HEAD" },
  );
  assert.is(response.headers.get("Content-Length"), "12");
  assert.is(response.body.length, 0);
});

t("reads a body in chunks to its end", async () => {
  const response = await inject(app, "/streamed");
  assert.is(response.headers.get("Transfer-Encoding"), "chunked");
  assert.is(response.body.length, 370_001);
});

t("waits for 100 Continue before its body if it expects that", async () => {
  const response = await inject(app, {
    path: "/mirror",
    headers: { Expect: "100-continue" },
    body: "later",
  });
  assert.equal(
    response.interim.map(({ statusCode }) => statusCode),
    [100],
  );
  assert.is(response.json<Mirrored>().body, "later");
});

t("may be large, and so may its answer", async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, "large ");
  const echo = new Application([
    [
      "/",
      class extends RequestHandler {
        override post() {
          this.write(this.request.body);
        }
      },
    ],
  ]);
  const response = await inject(echo, { path: "/", body });
  assert.ok(response.body.equals(body));
});

t("is refused by the limits of the server that it is given to", async () => {
  const server = new HTTPServer(app, { maxBodyBytes: 10, maxTargetBytes: 40 });
  assert.is((await inject(server, { path: "/mirror", body: "0123456789" })).statusCode, 200);
  assert.is((await inject(server, { path: "/mirror", body: "0123456789a" })).statusCode, 413);
  const long = await inject(server, `/mirror/${"x".repeat(100)}`);
  assert.equal([long.statusCode, long.headers.get("Connection")], [414, "close"]);
  assert.is(server.address, null);
});

t("may be one of many at a time", async () => {
  const asked = Array.from({ length: 400 }, (_, i) => mirrored(`/mirror?q=${i}`));
  for (const [i, got] of (await Promise.all(asked)).entries()) assert.equal(got.query, [String(i)]);
});

t("is answered with a file, or a range of it, byte for byte", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-inject-"));
  try {
    const bytes = randomBytes(900_000);
    writeFileSync(path.join(folder, "noise"), bytes);
    const files = new Application([["/(.*)", StaticFileHandler, { path: folder }]]);
    assert.ok((await inject(files, "/noise")).body.equals(bytes));
    const part = await inject(files, { path: "/noise", headers: { Range: "bytes=1000-799999" } });
    assert.is(part.statusCode, 206);
    assert.ok(part.body.equals(bytes.subarray(1000, 800_000)));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

t("says so when there are no descriptors left for it", async () => {
  const program = `
    import { Application, IOLoop, setLogLevel } from ${JSON.stringify(index("index.js"))};
    import { inject } from ${JSON.stringify(index("testing/index.js"))};
    setLogLevel("silent");
    const app = new Application([]);
    const asked = Array.from({ length: 300 }, () => inject(app, "/"));
    const results = await Promise.allSettled(asked);
    const codes = results.map(({ reason, value }) => reason?.code ?? value.statusCode);
    console.log([...new Set(codes)].sort().join());
    while (IOLoop.current().stats().open > 0) await new Promise(setImmediate);
    console.log((await inject(app, "/")).statusCode);
  `;
  const words = [process.execPath, "--input-type=module", "-e", program];
  const child = spawn("/bin/sh", ["-c", 'ulimit -n 256; exec "$@"', "sh", ...words]);
  const { code, output } = await within(resultOf(child), "end of the child", 60_000);
  assert.equal([code, output], [0, "404,EMFILE\n404\n"]);
});

t("asks whatever can answer", async () => {
  const byFetch = await inject({ fetch: (request: Request) => new Response(request.url) }, "/a?b");
  assert.match(byFetch.text(), /\/a\?b$/);
  const listener = await inject((_req, res) => {
    res.write("by a ");
    res.end("listener");
  }, "/");
  assert.is(listener.text(), "by a listener");
});

t("has an error's page for what a handler throws", async () => {
  assert.is((await inject(app, "/broken")).statusCode, 500);
  assert.is((await inject(app, "/refused")).statusCode, 403);
});

t("opens no socket, and leaves nothing open", async () => {
  const sockets = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;
  const before = sockets();
  const never = inject(app, { path: "/never", timeoutMs: 1_500 });
  await turns();
  assert.is(sockets(), before);
  assert.is(IOLoop.current().stats().open, 2);
  await failureOf(never);
  await inject(app, "/");
  assert.is(sockets(), before);
});

t.run();
