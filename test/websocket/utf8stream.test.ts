/** Utf8Stream against Node's decoder: every way to cut, every pair and triple of bytes that matters. */
import { isUtf8 } from "node:buffer";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Utf8Stream } from "../../lib/websocket/utf8stream.ts";

/** Bytes at the edges of the ranges of RFC 3629 §4. */
const EDGES = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
];

function judge(pieces: readonly Buffer[]): boolean {
  const stream = new Utf8Stream();
  for (const piece of pieces) if (!stream.write(piece, 0, piece.length)) return false;
  return stream.isComplete;
}

const t = suite("a text in pieces");

t("is judged as the whole is, wherever it is cut: up to four bytes at the edges", () => {
  let count = 0;
  for (const a of EDGES) {
    for (const b of EDGES) {
      for (const c of EDGES) {
        for (const d of [0x41, 0x80, 0xbf, 0xc2]) {
          const bytes = Buffer.of(a, b, c, d);
          const wanted = isUtf8(bytes);
          for (const at of [[4], [1, 4], [2, 4], [3, 4], [1, 2, 3, 4]]) {
            const pieces = at.map((to, i) => bytes.subarray(at[i - 1] ?? 0, to));
            if (judge(pieces) !== wanted) assert.unreachable(`${bytes.toString("hex")} at ${at}`);
            count++;
          }
        }
      }
    }
  }
  assert.ok(count > 300_000);
});

t("is refused with the first byte that can be in no text", () => {
  for (const [bytes, at] of [
    ["80", 1],
    ["c0", 1],
    ["c1", 1],
    ["f5", 1],
    ["ff", 1],
    ["c241", 2],
    ["e09f", 2],
    ["eda0", 2],
    ["f08f", 2],
    ["f490", 2],
    ["e28241", 3],
    ["f09f9841", 4],
  ] as const) {
    const stream = new Utf8Stream();
    const all = Buffer.from(bytes, "hex");
    let read = 0;
    while (read < all.length && stream.write(all, read, read + 1)) read++;
    assert.is(read + 1, at, bytes);
  }
});

t("is not complete in the middle of a character", () => {
  const stream = new Utf8Stream();
  assert.ok(stream.write(Buffer.from("a€").subarray(0, 3), 0, 3));
  assert.not.ok(stream.isComplete);
  assert.ok(stream.write(Buffer.of(0xac), 0, 1));
  assert.ok(stream.isComplete);
  assert.ok(stream.write(Buffer.alloc(0), 0, 0));
});

t.run();
