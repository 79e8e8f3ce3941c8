/** The addon's unmask: the same as lib/websocket/mask.ts does, for every length, phase and alignment. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { unmask as nativeUnmask, unmaskTo as nativeUnmaskTo } from "../../lib/native/addon.ts";
import { unmask } from "../../lib/websocket/mask.ts";

const KEYS = [0x37fa213d, -1, 0, 0x01020304, -0x7f7f7f80];

const mask = suite("the addon's unmask");

mask("does what the one in TypeScript does, and touches nothing else", () => {
  for (let length = 0; length <= 200; length++) {
    for (let offset = 0; offset < 4; offset++) {
      const phase = (length + offset) & 3;
      const key = KEYS[length % KEYS.length] ?? 0;
      const ours = Uint8Array.from({ length: length + 24 }, (_, at) => (at * 37 + length) & 0xff);
      const theirs = ours.slice();
      const start = 8 + offset;
      const expected = unmask(ours, start, start + length, key, phase);
      assert.is(nativeUnmask(theirs, start, start + length, key, phase), expected);
      assert.equal(theirs, ours);
    }
  }
});

mask("does so into another buffer, too, and touches nothing else", () => {
  for (let length = 0; length <= 200; length++) {
    const key = KEYS[length % KEYS.length] ?? 0;
    const bytes = Uint8Array.from({ length: length + 24 }, (_, at) => (at * 37 + length) & 0xff);
    const start = 8 + (length & 3);
    const before = bytes.slice();
    const around = new Uint8Array(length + 16);
    nativeUnmaskTo(around.subarray(8, 8 + length), bytes, start, start + length, key);
    assert.equal(bytes, before);
    unmask(bytes, start, start + length, key, 0);
    assert.equal(around.subarray(8, 8 + length), bytes.subarray(start, start + length));
    assert.equal(around.subarray(0, 8), new Uint8Array(8));
    assert.equal(around.subarray(8 + length), new Uint8Array(8));
  }
});

mask("refuses another buffer of the wrong size, or one that is a part of the bytes", () => {
  const bytes = new Uint8Array(100);
  const isRange = (error: Error & { code: string }) => error.code === "ERR_NATIVE_RANGE";
  for (const size of [0, 9, 11]) {
    assert.throws(() => nativeUnmaskTo(new Uint8Array(size), bytes, 0, 10, 1), isRange);
  }
  for (const [start, end] of [
    [-1, 9],
    [91, 101],
    [10, 0],
  ] as const) {
    assert.throws(() => nativeUnmaskTo(new Uint8Array(10), bytes, start, end, 1), isRange);
  }
  for (const at of [21, 40, 59]) {
    assert.throws(() => nativeUnmaskTo(bytes.subarray(at, at + 20), bytes, 40, 60, 1), isRange);
  }
  for (const at of [20, 60]) nativeUnmaskTo(bytes.subarray(at, at + 20), bytes, 40, 60, 0x01010101);
  assert.equal(bytes.subarray(10, 90), new Uint8Array(80).fill(1, 10, 30).fill(1, 50, 70));
});

mask("sees a byte that is not ASCII wherever it is", () => {
  for (const length of [1, 7, 8, 9, 63, 64, 65, 130]) {
    for (let at = 0; at < length; at++) {
      const bytes = Buffer.alloc(length, "a");
      assert.is(nativeUnmask(bytes, 0, length, 0, 0), false);
      bytes[at] = 0x80;
      assert.is(nativeUnmask(bytes, 0, length, 0, 0), true, `${at} of ${length}`);
    }
  }
});

mask("goes up to the last byte, and not beyond", () => {
  const bytes = new Uint8Array(100);
  nativeUnmask(bytes, 99, 100, 0x01000000, 0);
  assert.is(bytes[99], 1);
  nativeUnmask(bytes, 100, 100, 0x01000000, 0);
  assert.throws(() => nativeUnmask(bytes, 99, 101, 1, 0), /start and end/);
});

mask("refuses what is not in the bytes", () => {
  const bytes = new Uint8Array(10);
  for (const [start, end] of [
    [-1, 5],
    [5, 4],
    [0, 11],
    [11, 11],
    [0, 2 ** 31 - 1],
  ] as const) {
    assert.throws(
      () => nativeUnmask(bytes, start, end, 1, 0),
      (error: Error & { code: string }) => error.code === "ERR_NATIVE_RANGE",
    );
  }
  assert.throws(() => nativeUnmask(bytes, 0, 2 ** 32 + 3, 1, 0), /32-bit/);
  assert.throws(() => nativeUnmask(bytes, 0.5, 3, 1, 0), /32-bit/);
  for (const phase of [-1, 4]) assert.throws(() => nativeUnmask(bytes, 0, 1, 1, phase), /phase/);
  assert.throws(() => nativeUnmask("text" as never, 0, 1, 1, 0), /Uint8Array/);
  assert.equal(bytes, new Uint8Array(10));
});

mask("refuses bytes that were given away", () => {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  assert.throws(() => nativeUnmask(bytes, 0, 64, 1, 0), /start and end/);
  assert.is(nativeUnmask(bytes, 0, 0, 1, 0), false);
});

mask.run();
