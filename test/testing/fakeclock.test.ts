/** fakeClock(): the loop's timers, periods and deadlines run when a test says so, in their order. */
import * as assert from "uvu/assert";
import { Application, IOLoop, PeriodicCallback, WebSocketHandler } from "../../lib/index.ts";
import {
  type FakeClock,
  fakeClock,
  injectConnection,
  injectWebSocket,
  serve,
} from "../../lib/testing/index.ts";
import { failureOf, heard, makeApp, testingSuite } from "./testingtools.ts";

const HOUR_MS = 3_600_000;

const t = testingSuite("a fake clock");

/** A test with a clock, which is restored whatever happens. */
function clockTest(title: string, test: (clock: FakeClock, loop: IOLoop) => unknown): void {
  t(title, async () => {
    const clock = fakeClock();
    try {
      await test(clock, IOLoop.current());
    } finally {
      clock.restore();
    }
  });
}

clockTest("runs calls at their time, in their order, and none before", async (clock, loop) => {
  const ran: string[] = [];
  const note = (what: string) => ran.push(`${what} at ${clock.elapsedMs}`);
  loop.callLater(300, note, "third");
  loop.callLater({ delayMs: 100 }, note, "first");
  loop.callAt(loop.time() + 100, note, "second");
  loop.callLater(301, note, "never");
  assert.is(clock.pendingCount, 4);
  await clock.advance(99);
  assert.equal(ran, []);
  await clock.advance(201);
  assert.equal(ran, ["first at 100", "second at 100", "third at 300"]);
  assert.is(clock.pendingCount, 1);
});

clockTest("runs what a call plans, within the same advance()", async (clock, loop) => {
  const ran: number[] = [];
  const again = async () => {
    ran.push(clock.elapsedMs);
    await Promise.resolve();
    if (ran.length < 4) loop.callLater(250, again);
  };
  loop.callLater(0, again);
  await clock.advance(HOUR_MS);
  assert.equal(ran, [1, 251, 501, 751]);
  assert.is(clock.elapsedMs, HOUR_MS);
});

clockTest("forgets what was taken back", async (clock, loop) => {
  const ran: string[] = [];
  const first = loop.callLater(10, () => {
    ran.push("first");
    loop.removeTimeout(second);
  });
  const second = loop.callLater(10, () => ran.push("second"));
  loop.removeTimeout(loop.callLater(5, () => ran.push("removed")));
  loop.removeTimeout(null);
  await clock.advance(20);
  loop.removeTimeout(first);
  assert.equal(ran, ["first"]);
});

clockTest("calls a PeriodicCallback once a period", async (clock) => {
  const at: number[] = [];
  const periodic = new PeriodicCallback(() => at.push(clock.elapsedMs), 60_000);
  periodic.start();
  await clock.advance(200_000);
  periodic.stop();
  await clock.advance(200_000);
  assert.equal(at, [60_000, 120_000, 180_000]);
});

clockTest("tells the time of day of the loop", async (clock, loop) => {
  const before = loop.time();
  await clock.advance(86_400_000);
  assert.is(loop.time() - before, 86_400_000);
  assert.is(loop.time(), clock.nowMs);
  assert.ok(Math.abs(Date.now() - before) < HOUR_MS);
});

clockTest("logs what a call throws, and runs the next", async (clock, loop) => {
  const ran: string[] = [];
  loop.callLater(1, () => {
    throw new Error("in a call");
  });
  loop.callLater(2, () => ran.push("next"));
  await clock.advance(5);
  assert.equal(ran, ["next"]);
});

clockTest("ends a connection that has been silent for too long", async (clock) => {
  const server = await serve(makeApp(), { keepAliveTimeoutMs: 60_000, headTimeoutMs: 20_000 });
  const stream = injectConnection(server.server);
  stream.setCloseCallback(() => heard.push(`closed`));
  void stream.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await stream.readUntil("hello");
  await clock.advance(59_000);
  assert.equal(heard, []);
  await clock.advance(2_000);
  assert.equal(heard, ["closed"]);
  const slow = injectConnection(server.server);
  void slow.write("GET / HTTP/1.1\r\nHo");
  await clock.advance(21_000);
  assert.match((await slow.readUntilClose()).toString(), /^HTTP\/1\.1 408 /);
  await server.stop();
});

clockTest("has a WebSocket's pings answered on the way", async (clock) => {
  class Pinged extends WebSocketHandler {
    override onPong() {
      heard.push("pong");
    }
    override onMessage() {}
  }
  const app = new Application([["/", Pinged]], {
    websocketPingIntervalMs: 30_000,
    websocketPingTimeoutMs: 10_000,
  });
  const client = await injectWebSocket(app, "/");
  await clock.advance(200_000);
  assert.ok(!client.isClosed);
  assert.ok(heard.length >= 5 && heard.length <= 7, `${heard.length} pongs`);
  client.close();
  await client.closed;
});

t("gives the loop its timers back, and drops what was planned", async () => {
  const loop = IOLoop.current();
  const clock = fakeClock(loop);
  let ran = false;
  loop.callLater(1, () => {
    ran = true;
  });
  assert.throws(() => fakeClock(), /restore\(\) that one first/);
  clock.restore();
  clock.restore();
  await new Promise<void>((resolve) => loop.callLater(20, resolve));
  assert.is(ran, false);
  assert.is((await failureOf(clock.advance(1))).code, "ERR_STATE");
  fakeClock()[Symbol.dispose]();
  fakeClock().restore();
});

t("leaves calls that were planned before to real time", async () => {
  const loop = IOLoop.current();
  const real = new Promise<void>((resolve) => loop.callLater(1, resolve));
  const removed = loop.callLater(1, () => heard.push("removed"));
  const clock = fakeClock();
  loop.removeTimeout(removed);
  await real;
  clock.restore();
  assert.equal(heard, []);
});

clockTest("cannot be set back, nor be moved twice at once", async (clock, loop) => {
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1" as never]) {
    assert.is((await failureOf(clock.advance(ms))).code, "ERR_ARGUMENT_RANGE");
  }
  const first = clock.advance(10);
  assert.is((await failureOf(clock.advance(10))).code, "ERR_STATE");
  await first;
  assert.throws(() => loop.callLater(Number.NaN, () => {}), /the delay is NaN/);
});

t.run();
