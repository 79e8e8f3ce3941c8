/** Two slots connected in memory: bytes go both ways whole and in order, and every end of one side reaches the other. */
import { constants } from "node:os";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { setLogger } from "../../lib/base/log.ts";
import {
  OP_ABORT,
  OP_CLOSE,
  OP_PAUSE,
  OP_RESET,
  OP_RESUME,
  OP_SHUTDOWN,
} from "../../lib/native/addon.ts";
import { QuietOwner } from "../../lib/loop/slotowner.ts";
import { IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { LIMITS, pattern } from "./pollertools.ts";

const { ECONNRESET, EPIPE, EINVAL } = constants.errno;

/** One end, and what the loop has told of it. */
class End extends QuietOwner {
  readonly loop: IOLoop;
  readonly slot: number;
  readonly generation: number;
  readonly pieces: Buffer[] = [];
  heads = 0;
  partials = 0;
  bodyEnds = 0;
  readonly bad: number[] = [];
  eofs = 0;
  readonly closes: number[] = [];

  constructor(loop: IOLoop, slot: number) {
    super();
    this.loop = loop;
    this.slot = slot;
    this.generation = loop.adoptSlot(slot, this);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
  get isClosed(): boolean {
    return this.closes.length > 0;
  }
  command(op: number): void {
    this.loop.outbox.command(op, this.slot, this.generation);
  }
  send(bytes: Uint8Array | string): void {
    const { outbox } = this.loop;
    if (typeof bytes === "string") outbox.writeLatin1(this.slot, this.generation, bytes);
    else outbox.writeBytes(this.slot, this.generation, bytes);
  }

  override onHead(): void {
    this.heads++;
  }
  override onBody(_slot: number, start: number, end: number): void {
    this.pieces.push(Buffer.from(this.loop.arena.subarray(start, end)));
  }
  override onData(_slot: number, start: number, end: number): void {
    this.pieces.push(Buffer.from(this.loop.arena.subarray(start, end)));
  }
  override onEnd(): void {
    this.bodyEnds++;
  }
  override onPartial(): void {
    this.partials++;
  }
  override onBad(_slot: number, reason: number): void {
    this.bad.push(reason);
  }
  override onEof(): void {
    this.eofs++;
  }
  override onClosed(_slot: number, errno: number): void {
    this.closes.push(errno);
  }
}

interface Bench {
  readonly loop: IOLoop;
  pair(limits?: readonly [number, number, number]): { server: End; client: End };
}

const memory = suite("a pair in memory");

function pairTest(title: string, test: (bench: Bench) => unknown): void {
  memory(title, async () => {
    setLogger({ debug() {}, info() {}, warn() {}, error() {} });
    const loop = new IOLoop();
    try {
      await test({
        loop,
        pair(limits = LIMITS) {
          const made = loop.poller.memoryPair(...limits);
          if (typeof made === "number") throw new Error(`memoryPair: ${made}`);
          return { server: new End(loop, made[0]), client: new End(loop, made[1]) };
        },
      });
    } finally {
      loop.close();
      setLogger(null);
    }
  });
}

const head = (length: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

function assertSame(got: Buffer, wanted: Buffer): void {
  assert.is(got.length, wanted.length);
  if (got.equals(wanted)) return;
  assert.unreachable(`byte ${got.findIndex((byte, i) => byte !== wanted[i])} differs`);
}

pairTest("is an HTTP connection at one end and a raw one at the other", async ({ pair }) => {
  const { server, client } = pair();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET");
  await until(() => server.heads === 2 && server.partials === 1, "two heads and a bit");
  server.send("not HTTP at all");
  await until(() => client.bytes.toString() === "not HTTP at all", "what the server sent");
});

pairTest("has no name for either end", ({ loop, pair }) => {
  const { server, client } = pair();
  for (const { slot, generation } of [server, client]) {
    assert.is(loop.poller.name(slot, generation, true), null);
    assert.is(loop.poller.name(slot, generation, false), null);
  }
});

pairTest("carries megabytes both ways at once, in order", async ({ pair }) => {
  const { server, client } = pair();
  const up = pattern(5_000_000, 1);
  const down = pattern(7_000_000, 2);
  client.send(head(up.length));
  for (let at = 0; at < up.length; at += 700_001) client.send(up.subarray(at, at + 700_001));
  for (let at = 0; at < down.length; at += 999_983) server.send(down.subarray(at, at + 999_983));
  await until(() => server.bodyEnds === 1 && client.bytes.length >= down.length, "all bytes");
  assertSame(server.bytes, up);
  assertSame(client.bytes, down);
});

pairTest("keeps what a paused end does not read until it does", async ({ pair }) => {
  const { server, client } = pair();
  client.command(OP_PAUSE);
  await turns();
  const bytes = pattern(1_000_000);
  server.send(bytes);
  await turns(8);
  assert.is(client.bytes.length, 0);
  client.command(OP_RESUME);
  await until(() => client.bytes.length === bytes.length, "all bytes");
  assertSame(client.bytes, bytes);
});

pairTest("tells the server of the client's half-close, and lets it answer", async ({ pair }) => {
  const { server, client } = pair();
  client.send(head(0));
  client.command(OP_SHUTDOWN);
  await until(() => server.eofs === 1, "the end");
  assert.is(server.heads, 1);
  server.send("late");
  await until(() => client.bytes.toString() === "late", "the answer");
  assert.equal([client.closes, server.closes], [[], []]);
});

pairTest("tells the client of the server's half-close after its last byte", async ({ pair }) => {
  const { server, client } = pair();
  const bytes = pattern(300_000);
  server.send(bytes);
  server.command(OP_SHUTDOWN);
  await until(() => client.eofs === 1, "the end");
  assertSame(client.bytes, bytes);
  client.send(head(0));
  await until(() => server.heads === 1, "what comes the other way");
});

pairTest("closes in good order once what was written has been read", async ({ pair }) => {
  const { server, client } = pair();
  const bytes = pattern(300_000);
  server.send(bytes);
  server.command(OP_CLOSE);
  await until(() => client.eofs === 1, "the end");
  assertSame(client.bytes, bytes);
  client.command(OP_CLOSE);
  await until(() => client.isClosed && server.isClosed, "both closed");
  assert.equal([client.closes, server.closes], [[0], [0]]);
});

pairTest("tells of a reset, after the bytes that came before it", async ({ pair }) => {
  const { server, client } = pair();
  server.send("half an ans");
  server.command(OP_RESET);
  await until(() => client.isClosed, "the reset");
  assert.is(client.bytes.toString(), "half an ans");
  assert.equal([client.closes, server.closes], [[ECONNRESET], [0]]);
});

pairTest("is reset by an end that closes with bytes unread", async ({ pair }) => {
  const { server, client } = pair();
  client.command(OP_PAUSE);
  await turns();
  server.send("never read");
  await turns();
  client.command(OP_ABORT);
  await until(() => server.isClosed, "the reset");
  assert.equal([client.closes, server.closes], [[0], [ECONNRESET]]);
});

pairTest("breaks what is written to an end that is gone", async ({ pair }) => {
  const { server, client } = pair();
  client.command(OP_PAUSE); // so that it does not hear of the end first
  await turns();
  server.command(OP_ABORT);
  await until(() => server.isClosed, "the server's end");
  client.send("to nobody");
  await until(() => client.isClosed, "the fault");
  assert.equal(client.closes, [EPIPE]);
});

pairTest("refuses what an HTTP connection refuses, by its own limits", async ({ pair }) => {
  const { server, client } = pair([1024, 4, 32]);
  client.send(`GET /${"x".repeat(64)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until(() => server.bad.length === 1, "the refusal");
  const other = pair();
  other.client.send(`GET /${"x".repeat(64)} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await until(() => other.server.heads === 1, "a head");
});

pairTest("keeps the limits of a head that has begun while others are made", async ({ pair }) => {
  const { server, client } = pair([1024, 4, 32]);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  await until(() => server.partials === 1, "the beginning");
  const others = Array.from({ length: 100 }, (_, i) => pair([2048 + i, 100, 1000]));
  client.send(`A: ${"x".repeat(1024)}\r\n\r\n`);
  await until(() => server.bad.length === 1, "the refusal");
  assert.is(server.heads, 0);
  assert.is(others.length, 100);
});

pairTest("uses slots again, and hears nothing of a former pair", async ({ loop, pair }) => {
  const first = pair();
  for (let i = 0; i < 300; i++) {
    const { server, client } = pair();
    client.send(head(0));
    await until(() => server.heads === 1, "a head");
    client.command(i % 2 === 0 ? OP_CLOSE : OP_RESET);
    server.command(OP_ABORT);
    await until(() => server.isClosed && client.isClosed, "both closed");
    await turns(1);
    client.send("stale");
    server.command(OP_RESET);
  }
  assert.ok(loop.slotCount < 50, `${loop.slotCount} slots`);
  first.client.send(head(0));
  await until(() => first.server.heads === 1, "the head of the first");
});

pairTest("ends with its loop, whatever is under way", async ({ loop, pair }) => {
  const { server, client } = pair();
  client.send(head(10));
  await until(() => server.heads === 1, "a head");
  server.send(pattern(1_000_000));
  client.send("half");
  loop.close();
  await turns(4);
  assert.is(client.bytes.length, 0);
});

pairTest("is refused for limits that no head may have, and arguments that are none", ({ loop }) => {
  assert.is(loop.poller.memoryPair(2 ** 30, 1, 1), -EINVAL);
  const loose = loop.poller.memoryPair.bind(loop.poller) as unknown as (...args: unknown[]) => void;
  for (const value of [undefined, null, "x", {}, 1n]) {
    assert.throws(
      () => loose(value, 1, 1),
      (error: Error) => error instanceof Error,
    );
    assert.throws(
      () => loose(1024, 1, value),
      (error: Error) => error instanceof Error,
    );
  }
  assert.throws(() => loose());
});

memory.run();
