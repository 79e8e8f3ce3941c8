/** The counters of a loop: each counts what abi.h says it does. */
import { once } from "node:events";
import * as fs from "node:fs";
import { writeFileSync } from "node:fs";
import * as net from "node:net";
import path from "node:path";
import * as assert from "uvu/assert";
import {
  OP_ABORT,
  STAT_ACCEPT_ERRORS,
  STAT_ACCEPTED,
  STAT_CLOSED,
  STAT_CONNECTED,
  STAT_QUEUED_BYTES,
  STAT_RECEIVED_BYTES,
  STAT_RECORDS,
  STAT_RECV_CALLS,
  STAT_SEND_CALLS,
  STAT_SENT_BYTES,
  STAT_SHED,
  STAT_TURNS,
} from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { inFolder } from "./filetools.ts";
import { type NativeBench, nativeSuite, pattern, RawConnection } from "./pollertools.ts";

const counters = nativeSuite("the counters of a loop");

/** The value of one of the counters, which begin at zero. */
function stat({ loop }: NativeBench, index: number): number {
  return loop.poller.stats[index] ?? Number.NaN;
}

counters("are all zero at first", (bench) => {
  for (const value of bench.loop.poller.stats) assert.is(value, 0);
});

counters("count connections that are accepted and closed", async (bench) => {
  const { peer } = await bench.connect();
  const { client } = await bench.connect();
  assert.is(stat(bench, STAT_ACCEPTED), 2);
  assert.is(stat(bench, STAT_CLOSED), 0);
  peer.command(OP_ABORT);
  client.abort();
  await until(() => stat(bench, STAT_CLOSED) === 2, "two closed connections");
  bench.loop.poller.closeSlot(bench.listener.slot, bench.listener.generation);
  assert.is(stat(bench, STAT_CLOSED), 2); // a listener is none
  assert.is(stat(bench, STAT_ACCEPTED), 2);
  assert.is(stat(bench, STAT_CONNECTED), 0);
  assert.is(stat(bench, STAT_ACCEPT_ERRORS), 0);
  assert.is(stat(bench, STAT_SHED), 0);
});

counters("count connections of connect() apart", async (bench) => {
  const { loop } = bench;
  const server = net.createServer((socket) => socket.end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const made = loop.poller.connect(4, "127.0.0.1", port, "", 0);
  if (typeof made !== "number") throw new Error(`connect: ${made.join(" ")}`);
  const connection = new RawConnection(loop, made, loop.poller.generation(made));
  loop.adoptSlot(made, connection);
  await until(() => connection.eofs === 1, "end of the stream");
  assert.is(stat(bench, STAT_CONNECTED), 1);
  assert.is(stat(bench, STAT_ACCEPTED), 0);
  connection.command(OP_ABORT);
  await until(() => stat(bench, STAT_CLOSED) === 1, "closed connection");
  server.close();
});

counters("count bytes and system calls of both directions", async (bench) => {
  const { client, peer } = await bench.connect();
  await client.send("12345");
  await until(() => peer.received === "12345", "five bytes");
  assert.is(stat(bench, STAT_RECEIVED_BYTES), 5);
  assert.is(stat(bench, STAT_RECV_CALLS), 1);
  assert.is(stat(bench, STAT_SENT_BYTES), 0);
  bench.loop.outbox.writeText(peer.slot, peer.generation, "one ");
  bench.loop.outbox.writeText(peer.slot, peer.generation, "call");
  await client.receives("one call");
  assert.is(stat(bench, STAT_SENT_BYTES), 8);
  assert.is(stat(bench, STAT_SEND_CALLS), 1);
  client.endSending();
  await until(() => peer.eofs === 1, "end of the stream");
  assert.is(stat(bench, STAT_RECEIVED_BYTES), 5);
  assert.is(stat(bench, STAT_RECV_CALLS), 2);
});

counters("count turns and the records that they deliver", async (bench) => {
  const { client, peer } = await bench.connect();
  const turns = stat(bench, STAT_TURNS);
  const records = stat(bench, STAT_RECORDS);
  assert.ok(turns >= 1);
  assert.ok(records >= turns);
  await client.send("x");
  await until(() => peer.received === "x", "byte");
  assert.is(stat(bench, STAT_TURNS), turns + 1);
  assert.is(stat(bench, STAT_RECORDS), records + 1);
});

counters("show what the kernel has refused, as long as it does", async (bench) => {
  const { client, peer } = await bench.connect({ paused: true });
  const bytes = pattern(32 * 1024 * 1024);
  bench.loop.outbox.writeBytes(peer.slot, peer.generation, bytes);
  await until(() => peer.pendingBytes > 0, "bytes left over");
  assert.is(stat(bench, STAT_QUEUED_BYTES), peer.pendingBytes);
  assert.is(stat(bench, STAT_QUEUED_BYTES) + stat(bench, STAT_SENT_BYTES), bytes.length);
  const other = await bench.connect({ paused: true });
  bench.loop.outbox.writeBytes(other.peer.slot, other.peer.generation, bytes);
  await until(() => other.peer.pendingBytes > 0, "bytes left over");
  assert.is(stat(bench, STAT_QUEUED_BYTES), peer.pendingBytes + other.peer.pendingBytes);
  other.peer.command(OP_ABORT);
  await until(() => other.peer.closes.length === 1, "closed connection");
  assert.is(stat(bench, STAT_QUEUED_BYTES), peer.pendingBytes);
  client.resume();
  await until(() => peer.drains === 1, "drained queue");
  assert.is(stat(bench, STAT_QUEUED_BYTES), 0);
});

counters("count the bytes of files", (bench) =>
  inFolder(async (folder) => {
    const file = path.join(folder, "file");
    writeFileSync(file, pattern(100_000));
    const fd = fs.openSync(file, "r");
    const { client, peer } = await bench.connect();
    bench.loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 1_000);
    bench.loop.outbox.writeFile(peer.slot, peer.generation, fd, 0, 100_000);
    bench.loop.outbox.flush();
    fs.closeSync(fd);
    await until(() => stat(bench, STAT_SENT_BYTES) === 101_000, "bytes sent");
    assert.is(stat(bench, STAT_QUEUED_BYTES), 0);
    peer.command(OP_ABORT);
    assert.is((await client.readToEnd()).length, 101_000);
  }),
);

counters.run();
