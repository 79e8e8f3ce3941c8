/** ReadBuffer: bytes in, bytes out, whatever is lent, kept and taken in between. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ReadBuffer } from "../../lib/net/readbuffer.ts";

const buffer = suite("a ReadBuffer");

buffer("gives back what went in, in any order of sizes", () => {
  let seed = 42;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const held = new ReadBuffer();
  let fed = 0;
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const size = random(8) === 0 ? random(20_000) : random(40);
    // What is lent is only good until settle().
    const arena = Buffer.alloc(size + 3);
    for (let i = 0; i < size; i++) arena[i + 2] = (fed + i) % 251;
    held.lend(arena, 2, size + 2);
    fed += size;
    if (random(3) > 0 && held.length > 0) {
      const bytes = random(3) === 0 ? held.length : random(Math.min(held.length, 5_000)) + 1;
      const piece =
        random(2) === 0 ? held.shift(bytes) : Buffer.alloc(Math.min(bytes, held.length));
      if (piece.length > 0 && piece[0] === 0 && piece.every((byte) => byte === 0)) {
        if (held.length === fed - taken) held.copyInto(piece, 0);
      }
      for (let i = 0; i < piece.length; i++) {
        if (piece[i] !== (taken + i) % 251) assert.unreachable(`byte ${taken + i}`);
      }
      taken += piece.length;
    }
    held.settle();
    arena.fill(255);
    assert.is(held.length, fed - taken);
  }
});

buffer("finds bytes among those held, within limits, lent or kept", () => {
  for (const isKept of [false, true]) {
    const held = new ReadBuffer();
    held.lend(Buffer.from("__abcabc__"), 2, 8);
    if (isKept) held.settle();
    const wanted = Buffer.from("bc");
    assert.is(held.indexOf(wanted, 0, 100), 1);
    assert.is(held.indexOf(wanted, 2, 100), 4);
    assert.is(held.indexOf(wanted, 2, 6), 4);
    assert.is(held.indexOf(wanted, 2, 5), -1);
    assert.is(held.indexOf(wanted, 5, 100), -1);
    assert.is(held.latin1(4), "abca");
  }
});

buffer("takes at most about twice the bytes it holds, for pieces of one byte", () => {
  const held = new ReadBuffer();
  const one = Buffer.from("x");
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) {
    held.lend(one, 0, 1);
    held.settle();
  }
  const after = process.memoryUsage();
  assert.is(held.length, 1_000_000);
  const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes`);
  assert.is(held.shift(1_000_000).length, 1_000_000);
});

buffer("makes the room that is wanted only as far as it has come true", () => {
  const held = new ReadBuffer();
  held.wantedBytes = 10_000;
  held.lend(Buffer.alloc(3_000), 0, 3_000);
  held.settle();
  const next = Buffer.alloc(4_000, 1);
  held.lend(next, 0, 4_000);
  held.lend(next, 0, 3_000);
  // Exactly as wanted: what is taken is the block itself.
  const all = held.shift(10_000);
  assert.is(all.buffer.byteLength, 10_000);
});

buffer.run();
