/** Large buffers are sent from where they lie: what becomes of one that is taken away, shrunk or forgotten meanwhile. */
import * as assert from "uvu/assert";
import { OP_CLOSE } from "../../lib/native/addon.ts";
import { until } from "../support/deferred.ts";
import { assertReads, assertServing, nativeSuite, pattern } from "./pollertools.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const lost = nativeSuite("a buffer that is taken away");

/** Moves a buffer's memory to another ArrayBuffer, as postMessage(…, [buffer]) does. */
function takeAway(bytes: Uint8Array): void {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
}

lost("while the kernel refuses it ends its connection, and no other", async (bench) => {
  const { client, peer } = await bench.connect({ paused: true });
  const bytes = new Uint8Array(16 * MiB);
  bench.loop.outbox.writeBytes(peer.slot, peer.generation, bytes);
  await until(() => peer.pendingBytes > 0, "refusal by the kernel");
  takeAway(bytes);
  client.resume();
  await until(() => peer.closes.length === 1, "close");
  assert.is.not(peer.closes[0], 0);
  await client.gone();
  await assertServing(bench);
});

lost(
  "before it has left at all ends its connection: less must not pass for the whole",
  async (bench) => {
    const { client, peer } = await bench.connect();
    const { outbox } = bench.loop;
    const piece = outbox.takePieceId();
    bench.loop.poller.setPiece(piece, Buffer.from("L: "));
    const bytes = new Uint8Array(64 * KiB);
    outbox.writeFramedBytes(peer.slot, peer.generation, piece, bytes);
    takeAway(bytes);
    await until(() => peer.closes.length === 1, "close");
    await client.gone();
    await assertServing(bench);
  },
);

lost("in part, by a smaller ArrayBuffer, ends its connection", async (bench) => {
  const { client, peer } = await bench.connect({ paused: true });
  const Resizable = ArrayBuffer as unknown as new (
    size: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(size: number): void };
  const buffer = new Resizable(16 * MiB, { maxByteLength: 16 * MiB });
  bench.loop.outbox.writeBytes(peer.slot, peer.generation, new Uint8Array(buffer));
  await until(() => peer.pendingBytes > 0, "refusal by the kernel");
  buffer.resize(1 * MiB);
  client.resume();
  await until(() => peer.closes.length === 1, "close");
  await client.gone();
  await assertServing(bench);
});

lost("is kept alive while it waits, though nobody else knows it", async ({ loop, connect }) => {
  const { client, peer } = await connect({ paused: true });
  const expected = pattern(8 * MiB);
  loop.outbox.writeBytes(peer.slot, peer.generation, Buffer.from(expected));
  await until(() => peer.pendingBytes > 0, "refusal by the kernel");
  // Pressure, so that a buffer without a reference would go.
  for (let i = 0; i < 64; i++) Buffer.alloc(8 * MiB, i);
  client.resume();
  peer.command(OP_CLOSE);
  await assertReads(client, expected);
});

lost.run();
