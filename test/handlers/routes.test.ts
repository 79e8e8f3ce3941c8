/** What the demo's routes answer, asked over real connections. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Demo, startDemo, stopDemos } from "./demo.ts";

let demo: Demo;

const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(demo.base + path, init);

function demoSuite(name: string) {
  const t = suite(name);
  t.before(async () => {
    demo = await startDemo();
  });
  t.after(stopDemos);
  return t;
}

const home = demoSuite("the front page");
home("is HTML that needs nothing from elsewhere", async () => {
  const response = await ask("/");
  const page = await response.text();
  assert.is(response.headers.get("content-type"), "text/html; charset=UTF-8");
  assert.match(page, /^<!doctype html>/);
  assert.not.match(page, /(?:src|href)="(?:https?:)?\/\//);
});
home("has a policy that lets nothing in but its own files, and no script in itself", async () => {
  const response = await ask("/");
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.not.match(policy, /unsafe|\*|https?:|data:/);
  assert.not.match(await response.text(), /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
});
home("links only to what answers", async () => {
  const page = await (await ask("/")).text();
  const links = [...page.matchAll(/(?:href|src|poster)="(\/[^"]*)"/g)].map(([, link = ""]) => link);
  assert.ok(links.length > 15, links.join(" "));
  for (const link of new Set(links)) {
    const wanted = link === "/no/such/page" ? 404 : link === "/broken" ? 500 : 200;
    const response = await ask(link.replace("1500", "0"));
    await response.arrayBuffer();
    assert.is(response.status, wanted, link);
  }
});
home("is of the one who asks, and no cache keeps it", async () => {
  const response = await ask("/");
  assert.is(response.headers.get("cache-control"), "no-store");
  assert.match(await response.text(), /<span id="me" data-id="[0-9a-f]{16}">Guest \d{3}<\/span>/);
});
home("has files that a browser keeps, and is not sent again", async () => {
  const [, sheet = ""] =
    /href="(\/static\/app\.css\?v=\w+)"/.exec(await (await ask("/")).text()) ?? [];
  const response = await ask(sheet);
  assert.match(response.headers.get("cache-control") ?? "", /immutable/);
  const etag = response.headers.get("etag") ?? "";
  assert.is((await ask(sheet, { headers: { "If-None-Match": etag } })).status, 304);
});
home("takes no other method", async () => {
  const response = await ask("/", { method: "DELETE" });
  assert.is(response.status, 403, "no token");
  const put = await ask("/user/1", { method: "PUT" });
  assert.is(put.status, 403);
});
home.run();

const video = demoSuite("the video");
video("is sent in ranges", async () => {
  const path = "/static/gallery/landspout.mp4";
  const whole = Buffer.from(await (await ask(path)).arrayBuffer());
  const response = await ask(path, { headers: { Range: "bytes=1000-1999" } });
  assert.is(response.status, 206);
  assert.is(response.headers.get("content-type"), "video/mp4");
  assert.is(response.headers.get("content-range"), `bytes 1000-1999/${whole.length}`);
  assert.equal(Buffer.from(await response.arrayBuffer()), whole.subarray(1000, 2000));
});
video.run();

const user = demoSuite("a user");
user("is JSON of the path parameter", async () => {
  const response = await ask("/user/42", { headers: { "User-Agent": "test" } });
  assert.is(response.headers.get("content-type"), "application/json; charset=UTF-8");
  assert.is(await response.text(), '{"id":"42","userAgent":"test"}');
});
user("may have any name that a path can carry", async () => {
  const { id } = (await (await ask("/user/J%C3%B6rg%3F%2F+")).json()) as { id: string };
  assert.is(id, "Jörg?/+");
});
user("that is no UTF-8 is 400, one without a name 404", async () => {
  assert.is((await ask("/user/%FF")).status, 400);
  assert.is((await ask("/user/")).status, 404);
});
user.run();

const echo = demoSuite("an echo");
echo("has the bytes and the Content-Type of what was posted", async () => {
  const body = Buffer.from([0, 13, 10, 255, 128]);
  const headers = { "Content-Type": "application/octet-stream" };
  const response = await ask("/echo", { method: "POST", body, headers });
  assert.is(response.headers.get("content-type"), "application/octet-stream");
  assert.equal(Buffer.from(await response.arrayBuffer()), body);
});
echo("is plain text if the post has no type", async () => {
  const body = new Uint8Array([104, 105]);
  const response = await ask("/echo", { method: "POST", body });
  assert.is(response.headers.get("content-type"), "text/plain; charset=UTF-8");
  assert.is(await response.text(), "hi");
});
echo("of nothing is empty, of a chunked body whole", async () => {
  assert.is(await (await ask("/echo", { method: "POST" })).text(), "");
  const chunks = new Blob(["x".repeat(100_000), "y".repeat(100_000)]).stream();
  const init = { method: "POST", body: chunks, duplex: "half" } as RequestInit;
  assert.is((await (await ask("/echo", init)).text()).length, 200_000);
});
echo("takes POST alone", async () => {
  assert.is((await ask("/echo")).status, 405);
});
echo.run();

const slow = demoSuite("a slow answer");
slow("says how long it was asked to take", async () => {
  const answer = (await (await ask("/slow?ms=5")).json()) as {
    askedMs: unknown;
    waitedMs: unknown;
  };
  assert.is(answer.askedMs, 5);
  assert.type(answer.waitedMs, "number");
});
slow("does not keep others waiting", async () => {
  const gone = new AbortController();
  const late = ask("/slow?ms=10000", { signal: gone.signal }).then(
    () => "answered",
    () => "given up",
  );
  assert.is((await ask("/user/1")).status, 200);
  gone.abort();
  assert.is(await late, "given up");
});
for (const ms of ["-1", "10001", "1.5", "1e3", "", "soon", "0x10"]) {
  slow(`of ms=${ms} is refused, with what is allowed`, async () => {
    const response = await ask(`/slow?ms=${ms}`);
    assert.is(response.status, 400);
    assert.match(await response.text(), /ms must be an integer from 0 to 10000/);
  });
}
slow.run();
