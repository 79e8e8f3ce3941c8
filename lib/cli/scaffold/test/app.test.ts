// The app over a real socket, on a free port.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HTTPServer } from "landspout";
import app from "../src/app.ts";

let server: HTTPServer;
let base = "";

before(() => {
  server = app.listen(0, "127.0.0.1");
  const { address } = server;
  if (address === null || !("port" in address)) throw new Error("it does not listen on a port");
  base = `http://127.0.0.1:${address.port}`;
});
after(() => server.stop({ graceMs: 0 }));

test("the home page greets, and escapes what it is given", async () => {
  const response = await fetch(`${base}/?name=%3Cb%3E`);
  assert.equal(response.status, 200);
  assert.match(await response.text(), /<h1>Hello, &lt;b&gt;<\/h1>/);
});

test("a greeting is JSON", async () => {
  const response = await fetch(`${base}/api/greeting/Ada`);
  assert.deepEqual(await response.json(), { greeting: "Hello, Ada" });
});

test("static files are served", async () => {
  const response = await fetch(`${base}/static/style.css`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("Content-Type") ?? "", /^text\/css/);
});

test("a form without its XSRF token is refused", async () => {
  const response = await fetch(`${base}/`, { method: "POST" });
  assert.equal(response.status, 403);
});
