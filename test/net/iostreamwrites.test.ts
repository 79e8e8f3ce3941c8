/** IOStream's writes: order, when their promises settle, slow peers, limits. */
import * as assert from "uvu/assert";
import { IOStream, StreamBufferFullError, StreamClosedError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { untilStalled } from "../support/servers.ts";
import {
  codeOf,
  connected,
  netSuite,
  pair,
  realError,
  rejection,
  serve,
  throwsCode,
} from "./streamtools.ts";

const MiB = 1024 * 1024;

const writes = netSuite("a write to a stream");

writes("sends text as UTF-8 and bytes as they are, in order", async () => {
  const { stream, client } = await pair();
  void stream.write("grün ");
  void stream.write(Buffer.from([0, 255, 1]));
  await stream.write("");
  await stream.write("€");
  stream.close();
  const wanted = Buffer.concat([Buffer.from("grün "), Buffer.from([0, 255, 1]), Buffer.from("€")]);
  assert.ok((await client.readToEnd()).equals(wanted));
});

writes("of large and small pieces keeps their order", async () => {
  const { stream, client } = await pair();
  const pieces = Array.from({ length: 60 }, (_, i) =>
    Buffer.alloc([1, 100, 5_000, 40_000, 300_000][i % 5] ?? 1, 65 + i),
  );
  for (const piece of pieces) void stream.write(piece);
  stream.close();
  assert.ok((await client.readToEnd()).equals(Buffer.concat(pieces)));
});

writes("settles when the kernel has the bytes, not before", async () => {
  const { stream, client } = await pair({}, { paused: true });
  await stream.write("small");
  let isDone = false;
  const large = stream.write(Buffer.alloc(32 * MiB)).then(() => {
    isDone = true;
  });
  await turns(30);
  assert.not(isDone);
  assert.ok(stream.writing);
  assert.ok(stream.writeBufferedBytes > MiB);
  client.resume();
  await large;
  assert.not(stream.writing);
  assert.is(stream.writeBufferedBytes, 0);
});

writes("of 64 times 64 KiB, each awaited, reaches a client that begins to read late", async () => {
  const server = serve(async (stream) => {
    for (let i = 0; i < 64; i++) await stream.write(Buffer.alloc(65_536, "z"));
    stream.close();
  });
  const client = await server.connect({ paused: true });
  await turns(50);
  client.resume();
  const got = await client.readToEnd();
  assert.is(got.length, 4_194_304);
  assert.ok(got.every((byte) => byte === 0x7a));
});

writes("beyond maxWriteBufferBytes is refused and nothing of it sent", async () => {
  for (const [bytes, isTaken] of [
    [999, true],
    [1000, true],
    [1001, false],
  ] as const) {
    const { stream, client } = await pair({ maxWriteBufferBytes: 1000 });
    const written = stream.write("x".repeat(bytes));
    if (isTaken) await written;
    else assert.instance(await rejection(written), StreamBufferFullError);
    assert.not(stream.closed);
    stream.close();
    assert.is((await client.readToEnd()).length, isTaken ? bytes : 0);
  }
});

writes("counts for maxWriteBufferBytes only what the kernel has not taken", async () => {
  const { stream, client } = await pair({ maxWriteBufferBytes: 1000 });
  // None is awaited: what has left is found out when the limit would be passed.
  for (let i = 0; i < 100; i++) void stream.write("x".repeat(600));
  await stream.write("end");
  stream.close();
  assert.is((await client.readToEnd()).length, 60_003);
});

writes("to a peer that does not read is refused in the end, and the stream stays", async () => {
  const { stream, client } = await pair({ maxWriteBufferBytes: MiB }, { paused: true });
  let refused: Error | null = null;
  for (let i = 0; i < 1000 && refused === null; i++) {
    stream.write(Buffer.alloc(65_536)).catch((error: Error) => {
      refused ??= error;
    });
    await turns(1);
  }
  assert.instance(refused, StreamBufferFullError);
  assert.ok(stream.writeBufferedBytes <= MiB);
  client.resume();
  await until(() => !stream.writing, "drain");
  await stream.write("more");
});

writes("rejects when the peer breaks the connection, awaited or not", async () => {
  const { stream, client } = await pair({}, { paused: true });
  const first = stream.write(Buffer.alloc(32 * MiB));
  void stream.write("more");
  await turns(10);
  client.abort();
  assert.ok(/ECONNRESET|EPIPE/.test(String(codeOf(await realError(first)))));
  assert.ok(stream.closed);
  assert.instance(await rejection(stream.write("late")), StreamClosedError);
});

writes("after close() rejects; before connect() and after endWriting() it throws", async () => {
  const { stream } = await pair();
  throwsCode(() => new IOStream().write("x"), "ERR_STATE");
  throwsCode(() => stream.write(1 as unknown as string), "ERR_ARGUMENT_TYPE");
  const other = await pair();
  other.stream.endWriting();
  throwsCode(() => other.stream.write("x"), "ERR_STATE");
  stream.close();
  assert.is(await realError(stream.write("x")), null);
});

writes("before close() leaves all the same, and its promise settles", async () => {
  const { stream, client } = await pair({}, { paused: true });
  const bytes = Buffer.alloc(16 * MiB, "b");
  const written = stream.write(bytes);
  stream.close();
  assert.ok(stream.closed);
  await turns(10);
  client.resume();
  assert.is((await client.readToEnd()).length, bytes.length);
  await written;
});

writes("before abort() is dropped and rejects", async () => {
  const { stream, client } = await pair({}, { paused: true });
  const written = stream.write(Buffer.alloc(16 * MiB));
  await turns(5);
  stream.abort();
  await realError(written);
  client.resume();
  await client.gone();
});

writes("before close() is given up when the peer takes nothing for half a minute", async () => {
  const { IOLoop } = await import("../../lib/index.ts");
  const { stream, server } = await pair({}, { paused: true });
  const written = stream.write(Buffer.alloc(32 * MiB));
  await untilStalled();
  stream.close();
  await turns(5);
  IOLoop.current().clock.advance(20_000);
  await turns(5);
  assert.is(server.connectionCount, 1);
  IOLoop.current().clock.advance(11_000);
  await realError(written);
  assert.is(server.connectionCount, 0);
});

writes("half-closes after endWriting(), and goes on reading", async () => {
  const { stream, client } = await pair();
  void stream.write("bye");
  stream.endWriting();
  stream.endWriting();
  await client.receives("bye");
  await client.closed();
  await client.send("answer");
  assert.is((await stream.readBytes(6)).toString(), "answer");
  client.endSending();
  assert.is((await stream.readUntilClose()).toString(), "");
});

writes("of many streams to each other arrives whole", async () => {
  const server = serve(async (stream) => {
    for await (const piece of stream) await stream.write(piece);
  });
  const bytes = Buffer.alloc(700_000, "0123456789abcdef");
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const stream = await connected(server.port);
      const echo = stream.readBytes(bytes.length);
      await stream.write(bytes);
      assert.ok((await echo).equals(bytes));
      stream.setNodelay(false);
      stream.setNodelay(true);
      stream.close();
    }),
  );
  await until(() => server.connectionCount === 0, "end");
});

writes.run();
