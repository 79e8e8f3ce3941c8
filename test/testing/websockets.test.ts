/** injectWebSocket() and serve(): WebSockets without a socket, and servers on a free port. */
import { randomBytes } from "node:crypto";
import * as assert from "uvu/assert";
import { Application, IOLoop, WebSocketHandler } from "../../lib/index.ts";
import { injectWebSocket, serve } from "../../lib/testing/index.ts";
import { until } from "../support/deferred.ts";
import { Echo, failureOf, heard, makeApp, testingSuite } from "./testingtools.ts";

const app = makeApp();

const t = testingSuite("an injected WebSocket");

t("exchanges messages, and closes", async () => {
  const client = await injectWebSocket(app, "/echo", {
    headers: { Cookie: "user=ada" },
    remoteIp: "10.2.3.4",
  });
  await client.writeMessage("hello");
  await client.writeMessage(Buffer.from([1, 2]));
  assert.is(await client.readMessage(), "hello");
  assert.equal(await client.readMessage(), Buffer.from([1, 2]));
  client.close(4001, "enough");
  await client.closed;
  assert.is(client.closeCode, 4001);
  await until(() => heard.length === 2, "both ends");
  assert.equal(heard, ["open 10.2.3.4 user=ada", "close 4001"]);
});

t("carries messages of megabytes, compressed or not", async () => {
  class Compressed extends Echo {
    override getCompressionOptions() {
      return {};
    }
  }
  const compressing = new Application([["/echo", Compressed]]);
  const message = randomBytes(1_500_000).toString("base64");
  for (const compressionOptions of [null, {}]) {
    const client = await injectWebSocket(compressing, "/echo", { compressionOptions });
    const isCompressed = client.headers.has("Sec-WebSocket-Extensions");
    assert.is(isCompressed, compressionOptions !== null);
    void client.writeMessage(message);
    assert.ok((await client.readMessage()) === message);
    client.close();
    await client.closed;
  }
});

t("is refused as the server refuses it", async () => {
  const error = (await failureOf(injectWebSocket(app, "/"))) as Error & { statusCode?: number };
  assert.is(error.name, "WebSocketHandshakeError");
  const foreign = await failureOf(injectWebSocket(app, "/echo", { origin: "http://evil.example" }));
  assert.match(foreign.message, /403/);
  const own = await injectWebSocket(
    app,
    { url: "ws://shop.example/echo" },
    {
      origin: "http://shop.example",
    },
  );
  own.abort();
  await own.closed;
});

t("hears of a handler that gives up, and of one that never answers", async () => {
  class Closing extends WebSocketHandler {
    override open() {
      this.close(4002, "not today");
    }
  }
  class Waiting extends WebSocketHandler {
    override prepare() {
      return new Promise<void>(() => {});
    }
  }
  const both = new Application([
    ["/closing", Closing],
    ["/waiting", Waiting],
  ]);
  const client = await injectWebSocket(both, "/closing");
  assert.is(await client.readMessage(), null);
  assert.equal([client.closeCode, client.closeReason], [4002, "not today"]);
  await client.closed;
  const connecting = injectWebSocket(both, "/waiting", { connectTimeoutMs: 60_000 });
  const failed = failureOf(connecting);
  IOLoop.current().clock.advance(61_000);
  assert.is((await failed).code, "ERR_CONNECT_TIMEOUT");
  IOLoop.current().clock.advance(120_000); // the server, which has a client that sends no more
});

t("is one of many that a topic's message reaches", async () => {
  class Member extends WebSocketHandler {
    override open() {
      this.subscribe("news");
    }
  }
  const topics = new Application([["/", Member]]);
  const clients = await Promise.all(Array.from({ length: 50 }, () => injectWebSocket(topics, "/")));
  await until(() => topics.subscriberCount("news") === 50, "all of them");
  topics.publish("news", "to all");
  for (const client of clients) assert.is(await client.readMessage(), "to all");
  for (const client of clients) client.close();
  await Promise.all(clients.map(({ closed }) => closed));
});

t("is not made of what is no place", async () => {
  for (const to of [7, null, undefined]) {
    assert.throws(() => injectWebSocket(app, to as never), /allowed are a path/);
  }
  assert.throws(() => injectWebSocket(app, "echo"), /URL/i);
  assert.throws(() => injectWebSocket(app, "/echo", { resolvr: 1 } as never), /no option/);
});

const servers = testingSuite("a server of serve()");

servers("answers fetch() on a free port of 127.0.0.1", async () => {
  const server = await serve(app);
  const other = await serve(app);
  assert.is(server.url("/a?b"), `http://127.0.0.1:${server.port}/a?b`);
  assert.is.not(server.port, other.port);
  const response = await server.fetch("/mirror", { method: "POST", body: "text" });
  assert.is(((await response.json()) as { body: string }).body, "text");
  assert.is(await (await other.fetch(server.url())).text(), "hello");
  await server.stop();
  await server.stop();
  await failureOf(server.fetch());
  await other.stop();
});

servers("gives raw connections and WebSockets, which end with it", async () => {
  const server = await serve(app);
  const stream = await server.connect();
  void stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match((await stream.readUntil("hello")).toString(), /^HTTP\/1\.1 200 OK/);
  const client = await server.websocket("/echo");
  await client.writeMessage("over TCP");
  assert.is(await client.readMessage(), "over TCP");
  await server.stop();
  assert.ok(stream.closed);
  assert.ok(client.isClosed);
});

servers("has the options of HTTPServer", async () => {
  const server = await serve(app, { maxBodyBytes: 3 });
  const response = await server.fetch("/mirror", { method: "POST", body: "long" });
  assert.is(response.status, 413);
  await server.stop();
  assert.is((await failureOf(serve(app, { maxBody: 1 } as never))).code, "ERR_UNKNOWN_OPTION");
});

servers("lets what is in progress end if it is given time", async () => {
  let answer = () => {};
  const server = await serve({
    fetch: () =>
      new Promise<Response>((resolve) => {
        heard.push("asked");
        answer = () => resolve(new Response("late"));
      }),
  });
  const asked = server.fetch("/");
  await until(() => heard.includes("asked"), "the request");
  const stopped = server.stop({ graceMs: 30_000 });
  answer();
  assert.is(await (await asked).text(), "late");
  await stopped;
});

servers("is stopped at the end of a block", async () => {
  assert.is(typeof Symbol.asyncDispose, "symbol");
  const server = await serve(app);
  await server[Symbol.asyncDispose]();
  assert.ok(server.server.isStopping);
});

t.run();
servers.run();
