/** The inflater on random and mutated streams: each ends in a message, "tooBig" or "malformed", and the next good one is read. */
import { deflateRawSync, inflateRawSync, constants as zlib } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { deflater, hex, inflated, inflater, KiB, noise, prose } from "./deflatetools.ts";

/** LANDSPOUT_FUZZ_MS lengthens it. */
const durationMs = Number(process.env["LANDSPOUT_FUZZ_MS"] ?? 1000);
const MOST = 200 * KiB;

const fuzz = suite("an inflater");
fuzz("survives what is random, mutated or cut, and agrees with node:zlib", async () => {
  const codec = deflater({ keepsContext: false });
  const samples = [1, 30, 1000, 20_000, 150_000].flatMap((size) => [
    Buffer.from(codec.compress(prose(size))),
    Buffer.from(codec.compress(noise(size))),
    deflateRawSync(prose(size)),
    deflateRawSync(Buffer.alloc(size), { level: 1 }),
  ]);
  const shared = inflater({ keepsContext: false });
  const kept = inflater();
  const endsAt = performance.now() + durationMs;
  const counts = { messages: 0, malformed: 0, tooBig: 0 };
  for (let round = 0; performance.now() < endsAt; round++) {
    const random = noise(16);
    const sample = samples[(random[0] ?? 0) % samples.length] ?? hex("00");
    const bytes = mutate(sample, random, round);
    const message = await inflated(shared, bytes, MOST);
    if (message === "malformed") counts.malformed++;
    else if (message === "tooBig") counts.tooBig++;
    else counts.messages++;
    const later = round % 8 === 0 ? await kept.decompressLater(bytes, MOST) : null;
    if (later === null) await inflated(kept, bytes, MOST);
    if (round % 16 === 0) kept.release();
    if (Buffer.isBuffer(message)) agree(bytes, message);
    const good = await inflated(shared, hex("f2 48 cd c9 c9 07 00"), 5);
    assert.is(String(good), "Hello");
  }
  assert.ok(counts.messages > 0 && counts.malformed > 0, JSON.stringify(counts));
  shared.close();
  kept.close();
});
fuzz.run();

/** A copy that is changed by what `random` says. */
function mutate(sample: Buffer, random: Buffer, round: number): Buffer {
  if (round % 7 === 0) return noise(1 + ((random[1] ?? 0) % 200));
  const bytes = Buffer.from(sample);
  const changes = (random[2] ?? 0) % 4;
  for (let i = 0; i < changes; i++) {
    bytes[random.readUInt32LE(4 + 2 * i) % bytes.length] = random[3 + i] ?? 0;
  }
  const cut = (random[15] ?? 0) < 64 ? random.readUInt16LE(12) % bytes.length : bytes.length;
  const kept = bytes.subarray(0, cut);
  return (random[14] ?? 0) < 32 ? Buffer.concat([kept, sample.subarray(0, 100_000)]) : kept;
}

/** What we read of one stream is what node:zlib reads of it; behind a last block it stops, we go on. */
function agree(bytes: Buffer, message: Buffer): void {
  const theirs = inflateRawSync(Buffer.concat([bytes, hex("00 00 ff ff")]), {
    finishFlush: zlib.Z_SYNC_FLUSH,
  });
  const same = Buffer.compare(theirs, message.subarray(0, theirs.length));
  assert.is(same, 0, bytes.subarray(0, 64).toString("hex"));
}
