/** loop.stats() and watchTurns(): what a loop counts of its turns. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TurnMonitor } from "../../lib/loop/turnmonitor.ts";
import { RequestHandler, TURN_BUCKETS_MS } from "../../lib/index.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";

class Hello extends RequestHandler {
  get() {
    this.write("hello");
  }
}

const loopStats = serverSuite("loop.stats()");

loopStats("counts turns, records, bytes and connections, as plain numbers", async () => {
  const { server, connect } = await startServer([["/", Hello]]);
  const { loop } = server;
  const before = loop.stats();
  const client = await connect();
  const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  await client.send(request);
  const { head, body } = await client.readResponse();
  const after = loop.stats();
  assert.equal(JSON.parse(JSON.stringify(after)), after);
  assert.ok(after.turns > before.turns);
  assert.ok(after.records - before.records >= 2, "accepted, and a head");
  assert.is(after.receivedBytes - before.receivedBytes, request.length);
  assert.is(after.sentBytes - before.sentBytes, head.length + 4 + body.length);
  assert.is(after.accepted - before.accepted, 1);
  assert.is(after.open - before.open, 1);
  assert.is(after.wheelEntries, loop.wheel.size);
  assert.ok(after.turnsMs >= before.turnsMs);
  const turns = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  assert.is(turns(after.turnCounts), after.turns);
  assert.is(after.turnCounts.length, TURN_BUCKETS_MS.length + 1);
});

loopStats("does not take what a test adds to the clock for the time of a turn", async () => {
  let advance = () => {};
  class Leaping extends RequestHandler {
    get() {
      advance();
      this.write("leapt");
    }
  }
  const { server, connect, clock } = await startServer([["/", Leaping]], { blockedLoopMs: 3_000 });
  advance = () => clock.advance(10_000);
  const { turnsMs } = server.loop.stats();
  await (await connect()).get("/");
  assert.ok(server.loop.stats().turnsMs - turnsMs < 9_000);
  assert.equal(logged("warn"), []);
});

loopStats.run();

const monitor = suite("TurnMonitor");

monitor("puts a turn into the first bucket that it fits: at, under and over each end", () => {
  for (const [index, endMs] of TURN_BUCKETS_MS.entries()) {
    for (const [ms, bucket] of [
      [endMs - 0.001, index],
      [endMs, index],
      [endMs + 0.001, index + 1],
    ] as const) {
      const { counts } = noted(ms);
      assert.is(counts.indexOf(1), bucket, `${ms} ms`);
    }
  }
  assert.is(noted(1e9).counts.at(-1), 1);
});

monitor("calls a listener for turns longer than its limit, and each listener once", () => {
  const calls: string[] = [];
  const own = new TurnMonitor();
  const a = (ms: number, words: number) => void calls.push(`a ${ms} ${words}`);
  const b = (ms: number) => void calls.push(`b ${ms}`);
  const removers = [own.watch(10, a), own.watch(20, a), own.watch(30, b)];
  own.note(10, 1);
  assert.equal(calls, []);
  own.note(10.5, 2);
  assert.equal(calls.splice(0), ["a 10.5 2"]);
  own.note(31, 3);
  assert.equal(calls.splice(0), ["a 31 3", "b 31"]);
  removers[0]?.();
  own.note(15, 4);
  assert.equal(calls, []);
  for (const remove of removers) remove();
  own.note(1_000, 5);
  assert.equal(calls, []);
});

monitor.run();

function noted(ms: number): { counts: readonly number[] } {
  const own = new TurnMonitor();
  own.note(ms, 0);
  const poller = { stats: new Float64Array(16) } as unknown as Parameters<TurnMonitor["read"]>[0];
  return { counts: own.read(poller, 0).turnCounts };
}
