/** inject(): answers that never come, that break off, that are no HTTP, and calls that make no sense. */
import * as assert from "uvu/assert";
import { Application, HTTPServer, RequestHandler } from "../../lib/index.ts";
import {
  closeInjected,
  inject,
  injectConnection,
  injectStream,
  injectWebSocket,
} from "../../lib/testing/index.ts";
import { until } from "../support/deferred.ts";
import { failureOf, heard, makeApp, testingSuite } from "./testingtools.ts";

const app = makeApp();

/** Answers with these bytes, then ends the connection; "reset" breaks it. */
function answering(bytes: string, how: "end" | "reset" | "stay" = "end"): Application {
  class Raw extends RequestHandler {
    override get() {
      const stream = this.detach();
      void stream.write(Buffer.from(bytes, "latin1"));
      if (how === "end") stream.close();
      if (how === "stay") stream.setCloseCallback(() => heard.push("the client closed"));
    }
  }
  return new Application([["/", Raw]]);
}

const t = testingSuite("an answer to an injected request");

t("that never comes is an error which names the request", async () => {
  const error = await failureOf(inject(app, { path: "/never?a=1", timeoutMs: 1_500 }));
  assert.is(error.code, "ERR_INJECT_TIMEOUT");
  assert.is(error.message, "GET /never?a=1: no answer came within timeoutMs, 1500 ms");
  await until(() => heard.includes("gone"), "the handler to be told");
  assert.equal(heard, ["asked", "gone"]);
});

t("that does not end is told with what came of it", async () => {
  const error = await failureOf(inject(app, { path: "/endless", timeoutMs: 1_500 }));
  assert.is(error.code, "ERR_INJECT_TIMEOUT");
  assert.match(
    error.message,
    /^GET \/endless: the answer did not end within timeoutMs, 1500 ms; it is 200, and [1-9]\d* bytes of its body came$/,
  );
  await until(() => heard.includes("events closed"), "the stream to end");
});

t("that breaks off is an error", async () => {
  const error = await failureOf(inject(app, "/cut"));
  assert.is(error.code, "ERR_INJECT_BROKEN");
  assert.match(
    error.message,
    /^GET \/cut: the answer did not end: .*; it is 200, and \d+ bytes of its body came$/,
  );
});

t("that is none, because the connection ends, is an error", async () => {
  const error = await failureOf(inject(answering(""), "/"));
  assert.is(error.code, "ERR_INJECT_BROKEN");
  assert.match(error.message, /^GET \/: no answer came: the server closed the connection/);
});

t("ends with its connection if nothing else says where", async () => {
  const response = await inject(answering("HTTP/1.1 200 OK\r\n\r\nall of it"), "/");
  assert.is(response.text(), "all of it");
});

t("has trailers, and chunks with extensions", async () => {
  const bytes =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "3;a=b\r\none\r\n0003 \r\ntwo\r\n0\r\nX-Sum: 6\r\nX-More: yes\r\n\r\n";
  const { trailers, body } = await inject(answering(bytes, "stay"), "/");
  assert.is(body.toString(), "onetwo");
  assert.equal(
    [...trailers],
    [
      ["X-Sum", "6"],
      ["X-More", "yes"],
    ],
  );
  await until(() => heard.includes("the client closed"), "the client to close");
});

t("may be preceded by others of 1xx", async () => {
  const bytes =
    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" +
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  const { interim, statusCode, body } = await inject(answering(bytes, "stay"), "/");
  assert.equal(
    interim.map((head) => [head.statusCode, head.headers.get("Link")]),
    [
      [103, "</a.css>"],
      [102, null],
    ],
  );
  assert.equal([statusCode, body.length], [204, 0]);
});

for (const [what, bytes] of [
  ["a status line", "hello\r\n\r\n"],
  ["a field", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"],
  ["a length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"],
  ["a coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"],
  ["a chunk's size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk's end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none---\r\n"],
  ["a body as long as it says", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"],
  ["a last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"],
] as const) {
  t(`without ${what} is an error`, async () => {
    const error = await failureOf(inject(answering(bytes), "/"));
    assert.is(error.code, "ERR_INJECT_BROKEN", error.message);
    assert.match(error.message, /^GET \/: /);
  });
}

t("of a server that was stopped is refused", async () => {
  const server = new HTTPServer(app);
  await server.stop();
  assert.is((await failureOf(inject(server, "/"))).code, "ERR_SERVER_STOPPED");
});

t("that is no JSON says what it is", async () => {
  const response = await inject(app, "/");
  assert.throws(() => response.json(), /the answer to GET \/ is 200 with no JSON: "hello"/);
});

t("is not asked for by what makes no sense", async () => {
  type Given = Parameters<typeof inject>[1];
  const wrong: readonly [given: unknown, code: string][] = [
    ["nowhere", "ERR_ARGUMENT_RANGE"],
    ["", "ERR_ARGUMENT_RANGE"],
    [{}, "ERR_ARGUMENT_TYPE"],
    [{ path: "/", url: "/" }, "ERR_ARGUMENT_TYPE"],
    [{ path: "/", methd: "GET" }, "ERR_UNKNOWN_OPTION"],
    [{ path: "/", method: "GET IT" }, "ERR_ARGUMENT_RANGE"],
    [{ path: "/", timeoutMs: 0 }, "ERR_OPTION_RANGE"],
    [{ path: "/", body: 7 }, "ERR_OPTION_TYPE"],
    [{ path: "/", body: Promise.resolve("x") }, "ERR_ARGUMENT_TYPE"],
    [{ path: "/", query: "a=1" }, "ERR_OPTION_TYPE"],
    [{ path: "/", cookies: { a: 1 } }, "ERR_ARGUMENT_TYPE"],
    [{ path: "/", headers: { "a b": "c" } }, "ERR_HTTP_FIELD_NAME"],
    [{ path: "/", headers: { a: "b\r\nc: d" } }, "ERR_HTTP_FIELD_VALUE"],
    [null, "ERR_OPTION_TYPE"],
  ];
  for (const [given, code] of wrong) {
    const error = await failureOf(inject(app, given as Given));
    assert.is(error.code, code, `${JSON.stringify(given)}: ${error.message}`);
  }
  for (const target of [null, 7, "app", RequestHandler]) {
    const error = await failureOf(inject(target as never, "/"));
    assert.is(error.code, "ERR_ARGUMENT_TYPE", String(target));
  }
});

t("cannot be split by a path", async () => {
  const path = "/mirror/\r\nX-Evil: 1";
  assert.match((await inject(app, path)).text(), /%0d%0aX-Evil:%201/);
});

const streams = testingSuite("an answer that is read while it comes");

streams("gives pieces as they arrive, and ends the handler when it is closed", async () => {
  const stream = await injectStream(app, "/endless");
  assert.is(stream.statusCode, 200);
  assert.match(stream.headers.get("Content-Type") ?? "", /^text\/event-stream/);
  let text = "";
  for await (const piece of stream) {
    text += piece.toString();
    if (text.includes("data: 2")) break;
  }
  assert.match(text, /data: 0\n\ndata: 1\n\ndata: 2/);
  await until(() => heard.includes("events closed"), "the handler to be told");
});

streams("ends where the answer does", async () => {
  const stream = await injectStream(app, "/streamed");
  let bytes = 0;
  for (let piece = await stream.read(); piece !== null; piece = await stream.read()) {
    bytes += piece.length;
  }
  assert.is(bytes, 370_001);
  assert.is(await stream.read(), null);
});

streams("has a time for each piece", async () => {
  const stream = await injectStream(app, { path: "/endless", timeoutMs: 1_500 });
  const read = async () => {
    while ((await stream.read()) !== null);
  };
  assert.is((await failureOf(read())).code, "ERR_INJECT_TIMEOUT");
});

streams("breaks as it would with inject()", async () => {
  const stream = await injectStream(app, "/cut");
  const read = async () => {
    while ((await stream.read()) !== null);
  };
  assert.is((await failureOf(read())).code, "ERR_INJECT_BROKEN");
});

const raw = testingSuite("an injected connection");

raw("takes bytes as they are", async () => {
  const stream = injectConnection(app, { remoteIp: "10.0.0.9" });
  void stream.write(
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /mirror HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n",
  );
  const text = (await stream.readUntilClose()).toString();
  assert.equal(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 400"]);
  assert.match(text, /"remoteIp":"10\.0\.0\.9"/);
});

raw("is refused an address that is none", () => {
  assert.throws(() => injectConnection(app, { remoteIp: "x" }), /remoteIp is "x"/);
});

raw.before.each(() => {
  heard.length = 0;
});

raw("is closed with all others by closeInjected()", async () => {
  const stream = injectConnection(app);
  stream.setCloseCallback(() => heard.push("stream"));
  const events = await injectStream(app, "/endless");
  const chat = await injectWebSocket(app, "/echo");
  const asked = failureOf(inject(app, "/never"));
  await until(() => heard.includes("asked"), "the request");
  closeInjected();
  assert.is((await asked).code, "ERR_INJECT_BROKEN");
  await chat.closed;
  const read = async () => {
    while ((await events.read()) !== null);
  };
  assert.is((await failureOf(read())).code, "ERR_INJECT_BROKEN");
  await until(
    () => ["stream", "gone", "events closed"].every((end) => heard.includes(end)),
    "ends",
  );
  assert.is((await inject(app, "/")).statusCode, 200);
  closeInjected();
});

streams("is closed at the end of a block", async () => {
  (await injectStream(app, "/endless"))[Symbol.dispose]();
  await until(() => heard.includes("events closed"), "the handler to be told");
});

t.run();
streams.run();
raw.run();
