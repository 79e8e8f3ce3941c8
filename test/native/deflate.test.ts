/** Deflater and Inflater on the loop's thread: exact bytes, round trips, limits, and what is no message. */
import { deflateRawSync, constants as zlib } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Deflater, Inflater, keepable } from "../../lib/native/deflate.ts";
import { cpuMs } from "../support/cputime.ts";
import {
  assertBytes,
  deflater,
  hex,
  inflated,
  inflater,
  KiB,
  MiB,
  noise,
  prose,
} from "./deflatetools.ts";

const examples = suite("the examples of RFC 7692 §7.2.3");
const HELLO = "f2 48 cd c9 c9 07 00";
const HELLO_AGAIN = "f2 00 11 00 00";
examples("are what is made", () => {
  const codec = deflater();
  assertBytes(codec.compress(Buffer.from("Hello")), hex(HELLO));
  assertBytes(codec.compress(Buffer.from("Hello")), hex(HELLO_AGAIN));
  assertBytes(codec.compress(Buffer.alloc(0)), hex("00"));
  codec.close();
});
examples("are what is made without context takeover", () => {
  const codec = deflater({ keepsContext: false });
  for (let i = 0; i < 3; i++) assertBytes(codec.compress(Buffer.from("Hello")), hex(HELLO));
});
for (const [name, bytes] of [
  ["one block", HELLO],
  ["a block without compression", "00 05 00 fa ff 48 65 6c 6c 6f 00"],
  ["a block that says it is the last", "f3 48 cd c9 c9 07 00 00"],
  ["such a block without the byte that should follow", "f3 48 cd c9 c9 07 00"],
  ["two blocks", "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"],
] as const) {
  examples(`are read: ${name}`, async () => {
    assertBytes(await inflated(inflater(), hex(bytes)), Buffer.from("Hello"));
  });
  examples(`are read with their context: ${name}`, async () => {
    const codec = inflater();
    for (let i = 0; i < 3; i++) {
      assertBytes(await inflated(codec, hex(bytes)), Buffer.from("Hello"));
      assertBytes(await inflated(codec, hex(HELLO_AGAIN)), Buffer.from("Hello"));
      assert.is(codec.release(), true);
      assertBytes(await inflated(codec, hex(HELLO_AGAIN)), Buffer.from("Hello"));
    }
  });
  examples(`are read without a context: ${name}`, async () => {
    const codec = inflater({ keepsContext: false });
    assertBytes(await inflated(codec, hex(bytes)), Buffer.from("Hello"));
    assert.is(await inflated(codec, hex(HELLO_AGAIN)), "malformed");
    assertBytes(await inflated(codec, hex(bytes)), Buffer.from("Hello"));
  });
}
examples("of empty messages are read", async () => {
  const codec = inflater();
  for (const bytes of ["00", "02 00", "", "03 00", "01 00 00 ff ff 00", "01"]) {
    assertBytes(await inflated(codec, hex(bytes)), Buffer.alloc(0));
  }
});
examples.run();

const trips = suite("a message that is compressed");
const sizes = [1, 2, 20, 125, 1000, 4096, 65_535, 65_536, 65_537, 131_072, 1 * MiB];
for (const keepsContext of [true, false]) {
  for (const windowBits of [9, 10, 15]) {
    const how = `${keepsContext ? "with" : "without"} context, window bits ${windowBits}`;
    trips(`comes back, ${how}`, async () => {
      const codec = deflater({ windowBits, keepsContext, memLevel: windowBits === 10 ? 1 : 8 });
      const back = inflater({ windowBits, keepsContext });
      for (const size of sizes) {
        for (const message of [prose(size), noise(size), Buffer.alloc(size)]) {
          assertBytes(await inflated(back, Buffer.from(codec.compress(message))), message);
        }
      }
      assertBytes(await inflated(back, codec.compress(Buffer.alloc(0))), Buffer.alloc(0));
      codec.close();
      back.close();
    });
  }
}
for (const level of [0, 1, 9]) {
  trips(`comes back at level ${level}`, async () => {
    const codec = deflater({ level, memLevel: 9 });
    const back = inflater();
    for (const size of sizes) {
      const message = prose(size);
      assertBytes(await inflated(back, Buffer.from(codec.compress(message))), message);
    }
  });
}
trips("refers to those before it, and not after release()", () => {
  const message = noise(1000);
  const codec = deflater();
  const first = codec.compress(message).length;
  assert.ok(codec.compress(message).length < first / 10);
  codec.release();
  assert.is(codec.heldBytes, 0);
  assert.is(codec.compress(message).length, first);
});
trips("uses no larger window than agreed", async () => {
  const codec = deflater({ windowBits: 9 });
  const back = inflater({ windowBits: 9 });
  const message = noise(400);
  for (let i = 0; i < 50; i++) {
    assertBytes(await inflated(back, Buffer.from(codec.compress(message))), message);
    assert.is((await inflated(back, Buffer.from(codec.compress(noise(300)))))?.length, 300);
  }
});
trips("lies in memory that the next one overwrites, unless it is kept", () => {
  const codec = deflater({ keepsContext: false });
  const first = codec.compress(Buffer.from("Hello"));
  const kept = keepable(first);
  codec.compress(Buffer.from("World"));
  assertBytes(kept, hex(HELLO));
  assert.is.not(first.toString("hex"), kept.toString("hex"));
  const large = codec.compress(noise(100 * KiB));
  assert.is(keepable(large), large);
});
trips.run();

const refused = suite("what is no message");
const compressedProse = Buffer.from(deflater().compress(prose(2000)));
for (const [name, bytes] of [
  ["a block of the reserved type", hex("06")],
  ["bytes of no code", hex("ff ff ff")],
  ["a stored block whose lengths disagree", hex("00 05 00 fa fe 48 65 6c 6c 6f 00")],
  ["a stored block that is cut", hex("00 05 00 fa ff 48 65")],
  ["a distance beyond the beginning", hex(HELLO_AGAIN)],
  ["a stored last block that lacks as many bytes as its tail has", hex("01 05 00 fa ff 48")],
  ["a message that is cut", hex("f2 48 cd c9")],
  ["a longer one that is cut", compressedProse.subarray(0, compressedProse.length - 9)],
  ["bytes behind the last block", hex("f3 48 cd c9 c9 07 00 ff")],
  ["a zlib header", Buffer.concat([hex("78 9c"), hex(HELLO)])],
  ["nothing but last blocks", Buffer.concat([...Array(5000).fill(hex("03 00")), hex("00")])],
] as const) {
  refused(`is told, and the next one is as the first: ${name}`, async () => {
    const codec = inflater();
    assert.is(await inflated(codec, bytes), "malformed");
    assert.is(codec.heldBytes, 0);
    assertBytes(await inflated(codec, hex(HELLO)), Buffer.from("Hello"));
    const other = inflater();
    assert.is(await other.decompressLater(bytes, MiB), "malformed");
    assertBytes(await other.decompressLater(hex(HELLO), MiB), Buffer.from("Hello"));
  });
}
refused.run();

const limits = suite("the limit of a message");
for (const size of [1, 100, 65_535, 65_536, 65_537, 300_000]) {
  limits(`lets ${size} bytes through and not one more`, async () => {
    const bytes = deflateRawSync(prose(size), { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);
    for (const keepsContext of [true, false]) {
      assert.is((await inflated(inflater({ keepsContext }), bytes, size))?.length, size);
      assert.is(await inflated(inflater({ keepsContext }), bytes, size - 1), "tooBig");
      assert.is(
        await inflated(inflater({ keepsContext }), bytes, size + 1).then((m) => m?.length),
        size,
      );
      const later = await inflater({ keepsContext }).decompressLater(bytes, size);
      assert.is(later?.length, size);
      assert.is(await inflater({ keepsContext }).decompressLater(bytes, size - 1), "tooBig");
    }
  });
}
for (const size of [4095, 4096, 4097, 65_535, 65_536, 65_537, 131_072, 262_144]) {
  limits(`lets ${size} bytes through that end with a last block`, async () => {
    const message = prose(size);
    for (const bytes of [deflateRawSync(message), deflateRawSync(Buffer.alloc(size))]) {
      const codec = inflater();
      for (let i = 0; i < 2; i++) {
        assert.is((await inflated(codec, bytes, size))?.length, size);
        assert.is((await codec.decompressLater(bytes, size))?.length, size);
        const followed = Buffer.concat([bytes, hex("00")]);
        assert.is((await inflated(codec, followed, size))?.length, size);
        assert.is((await codec.decompressLater(followed, size))?.length, size);
      }
    }
  });
}
limits("of no bytes lets an empty one through", async () => {
  assertBytes(await inflated(inflater(), hex("00"), 0), Buffer.alloc(0));
  assert.is(await inflated(inflater(), hex(HELLO), 0), "tooBig");
});
limits("bounds what a bomb of 1 GiB costs", async () => {
  const bomb = bombOf(1024 * MiB);
  assert.ok(bomb.length < 1.1 * MiB, `${bomb.length}`);
  const codec = inflater();
  const before = process.memoryUsage().rss;
  const startedMs = cpuMs();
  assert.is(await inflated(codec, bomb, 1 * MiB), "tooBig");
  assert.is(await codec.decompressLater(bomb, 1 * MiB), "tooBig");
  const ms = cpuMs() - startedMs;
  const took = process.memoryUsage().rss - before;
  assert.ok(ms < 500, `${ms} ms of CPU`);
  assert.ok(took < 16 * MiB, `${took} B`);
  assert.is(codec.heldBytes, 0);
});
limits("stops the loop for no more than the first bytes of a long message", () => {
  const codec = inflater();
  assert.is(codec.decompress(bombOf(64 * MiB), 2 ** 40), "unfinished");
  codec.close();
});
limits.run();

/** Compresses zeros; the last block is not marked. */
function bombOf(length: number): Buffer {
  const codec = deflater({ level: 9 });
  const zeros = Buffer.alloc(8 * MiB);
  const first = Buffer.from(codec.compress(zeros));
  // What follows refers to zeros only: the same bytes each time.
  const next = Buffer.concat([Buffer.from(codec.compress(zeros)), hex("00 00 ff ff")]);
  const count = length / zeros.length - 1;
  const bomb = Buffer.concat([first, hex("00 00 ff ff"), ...Array<Buffer>(count).fill(next)]);
  return bomb.subarray(0, -4);
}

const misuse = suite("a Deflater or Inflater");
misuse("refuses options out of range", () => {
  for (const options of [
    { windowBits: 8 },
    { windowBits: 16 },
    { windowBits: 9.5 },
    { memLevel: 0 },
    { memLevel: 10 },
    { level: -1 },
    { level: 10 },
  ]) {
    assert.throws(() => deflater(options), JSON.stringify(options));
  }
  for (const windowBits of [7, 16]) assert.throws(() => inflater({ windowBits }));
});
misuse("is closed once and for all", () => {
  const codec = deflater();
  codec.compress(Buffer.from("x"));
  codec.close();
  codec.close();
  assert.is(codec.heldBytes, 0);
  assert.throws(() => codec.compress(Buffer.from("x")), /closed/);
  assert.throws(() => codec.compressLater(Buffer.from("x")), /closed/);
  assert.throws(() => codec.release(), /closed/);
  const back = inflater();
  back.close();
  assert.throws(() => back.decompress(hex("00"), 10), /closed/);
});
misuse("takes memory with its first message, and gives it back", async () => {
  const codec = deflater();
  const back = inflater();
  assert.is(codec.heldBytes + back.heldBytes, 0);
  await inflated(back, Buffer.from(codec.compress(prose(3000))));
  assert.ok(codec.heldBytes > 100 * KiB);
  assert.ok(back.heldBytes > 32 * KiB);
  back.release();
  assert.is(back.heldBytes, 3000);
  back.close();
  assert.is(back.heldBytes, 0);
});
misuse("that nobody holds any more goes with its memory, of which V8 knows", async () => {
  // About 900 MB, if nothing went; in objects of some 100 B each, for which V8 would not begin to collect.
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let round = 0; round < 60; round++) {
    for (let i = 0; i < 50; i++) {
      deflater().compress(Buffer.from("x"));
      inflater().decompress(hex(HELLO), 10);
    }
    // Finalizers run between two turns.
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, process.memoryUsage().rss - before);
  }
  assert.ok(most < 400 * MiB, `${most} B`);
});
misuse("is a class", () => {
  assert.throws(() => (Deflater as unknown as () => void)());
  assert.throws(() => (Inflater as unknown as () => void)());
});
misuse.run();
