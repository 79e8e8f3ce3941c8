/** What ends a stream and what holds it back: clients that go away, and clients that do not read. */
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import { EventStream } from "../../lib/web/eventstream.ts";
import { RequestHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { chunk, codeOf, GET, openStream, streaming } from "../support/eventstreams.ts";
import { turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite, startServer } from "../support/servers.ts";

const gone = serverSuite("a client that goes away");

gone("is noticed: the stream is over, its signal fires, and the verb goes on", async () => {
  for (const leave of ["destroy", "abort", "endSending"] as const) {
    const { client, events, verbEnded, stop } = await openStream();
    const { signal } = events;
    client[leave]();
    await events.closed;
    await verbEnded;
    assert.ok(signal.aborted, leave);
    assert.ok(events.isClosed, leave);
    assert.is(await codeOf(events.send("x")), "ERR_HTTP_CONNECTION_CLOSED", leave);
    await stop();
  }
  assert.equal(loggedErrors(), []);
});

gone("ends a loop of sends, which is no error of the handler's", async () => {
  const Handler = streaming(async (events) => {
    for (;;) {
      await events.send("tick");
      await turns(1);
    }
  });
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send(GET);
  await client.receives("data: tick");
  client.destroy();
  const closed = () => logged("info").some((line) => /closed|gone/.test(line.message));
  await until(closed, "a line about the client");
  assert.equal(loggedErrors(), []);
});

gone("ends sendAll() quietly, and the source is told, even while it waits", async () => {
  const waiting = deferred<string>();
  const left = deferred<void>();
  let returned = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false as const, value: await waiting.promise }),
      return: async () => {
        returned++;
        left.resolve();
        return { done: true as const, value: undefined };
      },
    }),
  };
  let outcome: unknown;
  const Handler = streaming(async (events) => {
    outcome = await codeOf(events.sendAll(source));
  });
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send(GET);
  await client.receives("\r\n\r\n");
  client.destroy();
  await left.promise;
  await until(() => outcome !== undefined, "the end of sendAll()");
  assert.is(outcome, "settled");
  assert.is(returned, 1);
  waiting.reject(new Error("too late to matter"));
  await turns(2);
  assert.equal(loggedErrors(), []);
});

gone("before the stream is made finds it over", async () => {
  const gate = deferred<void>();
  const codes: unknown[] = [];
  const begun = deferred<AbortSignal>();
  class Handler extends RequestHandler {
    async get() {
      const { signal } = this;
      begun.resolve(signal);
      await gate.promise;
      const events = new EventStream(this);
      codes.push(signal.aborted, events.isClosed, await codeOf(events.send("x")));
      await events.closed;
    }
  }
  const { connect } = await startServer([["/", Handler]]);
  const client = await connect();
  await client.send(GET);
  const signal = await begun.promise;
  client.destroy();
  await until(() => signal.aborted, "the client's end");
  gate.resolve();
  await until(() => codes.length === 3, "the verb");
  assert.equal(codes, [true, true, "ERR_HTTP_CONNECTION_CLOSED"]);
});

gone.run();

const slow = serverSuite("a client that does not read");
const PIECE = "x".repeat(64 * 1024);

/** Waits until `count()` has not changed for some turns, and returns it. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1, same = 0; same < 20; ) {
    await turns(2);
    same = count() === before ? same + 1 : 0;
    before = count();
  }
  return count();
}

slow("holds back whoever awaits send(), and memory does not grow", async () => {
  let sent = 0;
  const Handler = streaming(async (events) => {
    for (;;) {
      await events.send(PIECE);
      sent++;
    }
  });
  const { connect } = await startServer([["/", Handler]], { highWaterBytes: 64 * 1024 });
  const client = await connect({ paused: true });
  await client.send(GET);
  const stuck = await settled(() => sent);
  // What the kernel's buffers take differs; it is some MiB at most.
  assert.ok(stuck < 512, `${stuck} pieces were taken`);
  client.resume();
  await until(() => sent > stuck + 10, "more to be sent once the client reads");
  client.destroy();
});

slow("holds back the source of sendAll()", async () => {
  let asked = 0;
  function* pieces() {
    for (;;) {
      asked++;
      yield PIECE;
    }
  }
  const Handler = streaming((events) => events.sendAll(pieces()));
  const { connect } = await startServer([["/", Handler]], { highWaterBytes: 64 * 1024 });
  const client = await connect({ paused: true });
  await client.send(GET);
  assert.ok((await settled(() => asked)) < 512);
  client.destroy();
});

slow("is disconnected once maxBufferedBytes wait for it, if nobody awaits send()", async () => {
  const options = { maxBufferedBytes: 256 * 1024 };
  let closes = 0;
  const made = deferred<EventStream>();
  class Handler extends RequestHandler {
    get() {
      const events = new EventStream(this, options);
      made.resolve(events);
      return events.closed;
    }
    override onConnectionClose() {
      closes++;
    }
  }
  const { connect } = await startServer([["/", Handler]], { highWaterBytes: 64 * 1024 });
  const client = await connect({ paused: true });
  await client.send(GET);
  const events = await made.promise;
  let sent = 0;
  while (!events.isClosed && sent < 2_000) {
    void events.send(PIECE);
    sent++;
    if (sent % 2 === 0) await turns(1);
  }
  assert.ok(events.isClosed, `open after ${sent} pieces`);
  assert.ok(sent < 1_000, `${sent} pieces`);
  assert.is(await codeOf(events.send("x")), "ERR_SLOW_CLIENT");
  assert.is((events.signal.reason as CodedError).code, "ERR_SLOW_CLIENT");
  assert.is(closes, 1);
  client.resume();
  await client.gone();
  assert.equal(loggedErrors(), []);
});

slow("gets what was kept for it with whenFull wait, in order", async () => {
  const { client, events } = await openStream({ maxBufferedBytes: 0, whenFull: "wait" });
  let settledCount = 0;
  for (let i = 0; i < 50; i++) void events.send(`${i}`).then(() => settledCount++);
  void events.close();
  const text = await client.receives("0\r\n\r\n");
  const numbers = [...text.matchAll(/data: (\d+)/g)].map((match) => Number(match[1]));
  assert.equal(
    numbers,
    Array.from({ length: 50 }, (_, i) => i),
  );
  await until(() => settledCount === 50, "all to be settled");
});

slow("is judged by what waits: one over, one at the limit", async () => {
  // Within a turn nothing is flushed, so all but the first message count. "data: x\n\n" has 9 bytes.
  const at = await openStream({ maxBufferedBytes: 18 });
  void at.events.send("x");
  void at.events.send("x");
  assert.not(at.events.isClosed);
  assert.is(await chunk(at.client), "data: x\n\n");
  await at.stop();
  const over = await openStream({ maxBufferedBytes: 17 });
  void over.events.send("x");
  assert.not(over.events.isClosed);
  void over.events.send("x");
  assert.ok(over.events.isClosed);
});

slow.run();
