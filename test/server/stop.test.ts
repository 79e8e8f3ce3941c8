/**
 * server.stop(): what becomes of each connection, driven by the loop's clock. (WebSockets, and stops
 * at odd moments: stopmoments.test.ts. Signals, and the end of the process: test/process/shutdown.test.ts.)
 */
import * as assert from "uvu/assert";
import { type HTTPServer, RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { MINUTE_MS, serverSuite, startServer } from "../support/servers.ts";
import { ended, GET, gated, Hello } from "./stoptools.ts";

/** Has it settled? */
function watched(promise: Promise<unknown>): { isSettled: boolean } {
  const watch = { isSettled: false };
  void promise.then(() => {
    watch.isSettled = true;
  });
  return watch;
}

const idle = serverSuite("an idle connection of a server that stops");

idle("is closed once it has been silent for stopIdleMs", async () => {
  const { server, connect, clock } = await startServer([["/", Hello]], {
    stopIdleMs: 10 * MINUTE_MS,
  });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  const stopped = server.stop({ graceMs: 60 * MINUTE_MS });
  clock.advance(9 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  await ended(client);
  await stopped;
});

idle("is closed at once if it has been silent for so long already", async () => {
  const { server, connect, clock } = await startServer([["/", Hello]], {
    stopIdleMs: 10 * MINUTE_MS,
    keepAliveTimeoutMs: 60 * MINUTE_MS,
  });
  const client = await connect();
  assert.is((await client.get("/")).text, "hello");
  clock.advance(10 * MINUTE_MS);
  await client.staysOpen();
  const stopped = server.stop();
  await ended(client);
  await stopped;
});

idle("has a request that comes before that answered, with Connection: close", async () => {
  const { server, connect } = await startServer([["/", Hello]], { stopIdleMs: 3_600_000 });
  const used = await connect();
  assert.is((await used.get("/")).text, "hello");
  const fresh = await connect();
  await until(() => server.connectionCount === 2, "both connections");
  const stopped = server.stop({ graceMs: 3_600_000 });
  for (const client of [used, fresh]) {
    const response = await client.get("/");
    assert.is(response.text, "hello");
    assert.is(response.header("connection"), "close");
    await ended(client);
  }
  await stopped;
});

idle("is waited for while half a head of it is here", async () => {
  const { server, connect, clock } = await startServer([["/", Hello]], {
    stopIdleMs: 0,
    headTimeoutMs: 60 * MINUTE_MS,
  });
  const client = await connect();
  await client.send("GET / HTTP/1.1\r\n");
  await until(() => server.stats().connections.head === 1, "half a head");
  const stopped = server.stop({ graceMs: 3_600_000 });
  clock.advance(30 * MINUTE_MS);
  await client.staysOpen();
  await client.send("Host: a\r\n\r\n");
  assert.is((await client.readResponse()).header("connection"), "close");
  await ended(client);
  await stopped;
});

idle.run();

const busy = serverSuite("what is in progress when a server stops");

busy("is answered, and stop() settles with the last of it", async () => {
  const { gate, begun, Gated } = gated();
  const { server, connect } = await startServer([["/", Gated]]);
  const client = await connect();
  await client.send(GET);
  await begun;
  const stopped = server.stop();
  const watch = watched(stopped);
  await turns(4);
  assert.is(watch.isSettled, false);
  gate.resolve();
  const response = await client.readResponse();
  assert.is(response.header("connection"), "close");
  await ended(client);
  await stopped;
});

busy("includes requests that wait behind it on its connection", async () => {
  const { gate, begun, Gated } = gated();
  const { server, connect } = await startServer([["/", Gated]]);
  const client = await connect();
  const requests = [1, 2, 3].map((n) => `GET /?n=${n} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await client.send(requests.join(""));
  await begun;
  const stopped = server.stop();
  gate.resolve();
  for (const n of [1, 2, 3]) {
    const response = await client.readResponse();
    assert.is(response.text, `answer ${n}`);
    assert.is(response.header("connection"), n === 3 ? "close" : null);
  }
  await ended(client);
  await stopped;
});

busy("includes a request whose body is still on its way", async () => {
  class Length extends RequestHandler {
    post() {
      this.write(String(this.request.body.length));
    }
  }
  const { server, connect } = await startServer([["/", Length]]);
  const client = await connect();
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabcde");
  await until(() => server.stats().connections.busy === 1, "half a body");
  const stopped = server.stop();
  await turns(3);
  await client.send("fghij");
  const response = await client.readResponse();
  assert.is(response.text, "10");
  assert.is(response.header("connection"), "close");
  await ended(client);
  await stopped;
});

busy("is cut off after graceMs, and its handler is told", async () => {
  const { begun, gone, Gated } = gated();
  const { server, connect, clock } = await startServer([["/", Gated]]);
  const client = await connect();
  await client.send(GET);
  await begun;
  const stopped = server.stop({ graceMs: 20 * MINUTE_MS });
  clock.advance(19 * MINUTE_MS);
  await client.staysOpen();
  assert.equal(gone, []);
  clock.advance(MINUTE_MS + 1_000);
  await client.gone();
  await stopped;
  assert.equal(gone, ["gone"]);
});

busy("is cut off after stopGraceMs if stop() says nothing else", async () => {
  const { begun, gone, Gated } = gated();
  const { server, connect, clock } = await startServer([["/", Gated]], {
    stopGraceMs: 50 * MINUTE_MS,
  });
  const client = await connect();
  await client.send(GET);
  await begun;
  const stopped = server.stop();
  clock.advance(49 * MINUTE_MS);
  await client.staysOpen();
  clock.advance(MINUTE_MS + 1_000);
  await stopped;
  assert.equal(gone, ["gone"]);
  await client.gone();
});

busy("is cut off at once by a second stop() without grace", async () => {
  const { begun, gone, Gated } = gated();
  const { server, connect } = await startServer([["/", Gated]]);
  const client = await connect();
  await client.send(GET);
  await begun;
  const first = server.stop({ graceMs: 3_600_000 });
  const second = server.stop({ graceMs: 0 });
  assert.is(first, second);
  await second;
  assert.equal(gone, ["gone"]);
  await client.gone();
});

busy("has its time shortened, never lengthened, by a second stop()", async () => {
  const { begun, gone, Gated } = gated();
  const { server, connect, clock } = await startServer([["/", Gated]]);
  const client = await connect();
  await client.send(GET);
  await begun;
  const stopped = server.stop({ graceMs: 30 * MINUTE_MS });
  void server.stop({ graceMs: 20 * MINUTE_MS });
  void server.stop({ graceMs: 40 * MINUTE_MS });
  clock.advance(20 * MINUTE_MS + 1_000);
  await stopped;
  assert.equal(gone, ["gone"]);
  await client.gone();
});

busy("tells a stream of events at the deadline, by its signal", async () => {
  const reasons: string[] = [];
  class Events extends RequestHandler {
    async get() {
      this.signal.addEventListener("abort", () => reasons.push("aborted"));
      this.write("first");
      await this.flush();
      await new Promise<void>((resolve) => this.signal.addEventListener("abort", () => resolve()));
    }
  }
  const { server, connect, clock } = await startServer([["/", Events]]);
  const client = await connect();
  await client.send(GET);
  await client.receives("first");
  const stopped = server.stop({ graceMs: 5 * MINUTE_MS });
  clock.advance(4 * MINUTE_MS);
  await client.staysOpen();
  assert.equal(reasons, []);
  clock.advance(MINUTE_MS + 1_000);
  await stopped;
  assert.equal(reasons, ["aborted"]);
  await client.gone();
});

busy("may stop the server itself, from its handler", async () => {
  let server: HTTPServer | null = null;
  let stopped: Promise<void> | null = null;
  class Stop extends RequestHandler {
    get() {
      stopped = server?.stop() ?? null;
      this.write("stopping");
    }
  }
  const started = await startServer([["/", Stop]]);
  server = started.server;
  const client = await started.connect();
  const response = await client.get("/");
  assert.is(response.text, "stopping");
  assert.is(response.header("connection"), "close");
  await ended(client);
  await stopped;
});

busy("leaves nothing on the wheel", async () => {
  const { gate, begun, Gated } = gated();
  const { server, connect } = await startServer([["/", Gated]]);
  const client = await connect();
  await client.send(GET);
  await begun;
  const stopped = server.stop();
  gate.resolve();
  await client.readResponse();
  await ended(client);
  await stopped;
  await until(() => server.loop.wheel.size === 0, "an empty wheel");
});

busy.run();
