/** Deflater and Inflater off the loop's thread: results, what is refused meanwhile, and ends in the middle of it. */
import { Worker } from "node:worker_threads";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  assertBytes,
  collectGarbage,
  deflater,
  hex,
  inflated,
  inflater,
  KiB,
  MiB,
  noise,
  prose,
} from "./deflatetools.ts";

const later = suite("work on another thread");

later("makes what the loop's thread makes, in one context with it", async () => {
  const [codec, twin, back] = [deflater(), deflater(), inflater()];
  for (const size of [0, 1, 20, 5000, 200 * KiB, 1 * MiB]) {
    const message = prose(size);
    const made = await codec.compressLater(message);
    assertBytes(made, twin.compress(message));
    assertBytes(await back.decompressLater(made ?? hex(""), size), message);
    const again = Buffer.from(codec.compress(message));
    assertBytes(again, twin.compress(message));
    assertBytes(await inflated(back, again), message);
  }
});

later("starts anew each time without a context", async () => {
  const codec = deflater({ keepsContext: false });
  const message = noise(1000);
  const first = await codec.compressLater(message);
  assertBytes(await codec.compressLater(message), first ?? hex(""));
});

later("reads the bytes before it begins", async () => {
  const bytes = new Uint8Array(prose(256 * KiB));
  const expected = Buffer.from(bytes);
  const promise = deflater().compressLater(bytes);
  bytes.fill(0);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assertBytes(await inflated(inflater(), (await promise) ?? hex("")), expected);
});

later("is done one message at a time", async () => {
  const codec = deflater();
  const promise = codec.compressLater(noise(1 * MiB));
  assert.is(codec.heldBytes, -1);
  assert.throws(() => codec.compressLater(hex("00")), /at work/);
  assert.throws(() => codec.compress(hex("00")), /at work/);
  assert.throws(() => codec.release(), /at work/);
  assert.ok(Buffer.isBuffer(await promise));
  assert.ok(codec.heldBytes > 0);
});

later("goes on with a message that the loop's thread began", async () => {
  const message = prose(3 * MiB);
  const bytes = Buffer.from(deflater().compress(message));
  const codec = inflater();
  assert.is(codec.decompress(bytes, 4 * MiB), "unfinished");
  assert.is(codec.release(), false);
  assert.throws(() => codec.decompress(bytes, 4 * MiB), /unfinished/);
  assert.throws(() => codec.decompressLater(bytes, 4 * MiB), /unfinished/);
  bytes.fill(0xff);
  assertBytes(await codec.finishLater(), message);
  assert.throws(() => codec.finishLater(), /no message is unfinished/);
  assertBytes(await inflated(codec, hex("00")), hex(""));
});

later("says tooBig of a message that the loop's thread began", async () => {
  const bytes = Buffer.from(deflater().compress(prose(1 * MiB)));
  const codec = inflater();
  assert.is(codec.decompress(bytes, 1 * MiB - 1), "unfinished");
  assert.is(await codec.finishLater(), "tooBig");
});

later("settles with null if it is closed meanwhile", async () => {
  const codec = deflater();
  const promise = codec.compressLater(noise(2 * MiB));
  codec.close();
  codec.close();
  assert.is(await promise, null);
  assert.is(codec.heldBytes, 0);
  const bytes = Buffer.from(deflater().compress(prose(2 * MiB)));
  const back = inflater();
  const begun = back.decompressLater(bytes, 4 * MiB);
  back.close();
  assert.is(await begun, null);
  const half = inflater();
  assert.is(half.decompress(bytes, 4 * MiB), "unfinished");
  half.close();
  assert.throws(() => half.finishLater(), /closed/);
});

later("outlives whoever asked for it", async () => {
  const promises = Array.from({ length: 8 }, () => deflater().compressLater(noise(512 * KiB)));
  await collectGarbage();
  for (const made of await Promise.all(promises)) assert.ok(Buffer.isBuffer(made));
  await collectGarbage();
});

later("does no harm to a thread that ends", async () => {
  for (let round = 0; round < 3; round++) {
    const worker = new Worker(new URL("./deflateworker.child.js", import.meta.url));
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
  }
});

later("does no harm to a thread that ends by itself", async () => {
  const worker = new Worker(new URL("./deflateworker.child.js", import.meta.url));
  await new Promise((resolve, reject) => {
    worker.once("exit", resolve);
    worker.once("error", reject);
  });
});

later.run();
