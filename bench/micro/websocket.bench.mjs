// Masks, frames and texts of a WebSocket. `node bench/micro/websocket.bench.mjs`; needs a build.
// NATIVE_MASK_BYTES of lib/websocket/mask.ts is where the first two series cross.

import { unmask as nativeUnmask, unmaskTo } from "../../dist/lib/native/addon.js";
import { readFrames } from "../../dist/lib/websocket/framereader.js";
import { setNativeUnmask, unmask } from "../../dist/lib/websocket/mask.js";
import { Utf8Stream } from "../../dist/lib/websocket/utf8stream.js";
import { keep, run } from "./harness.mjs";

const key = 0x37fa213d;
const arena = Buffer.alloc(256 * 1024);

for (const size of [8, 20, 32, 64, 96, 128, 192, 256, 512, 1024, 4096]) {
  const bytes = Buffer.alloc(size + 14, "some text ");
  run(`unmask ${size} B in TypeScript`, () => unmask(bytes, 14, size + 14, key, 0));
  run(`unmask ${size} B in the addon`, () => nativeUnmask(bytes, 14, size + 14, key, 0));
}

setNativeUnmask(nativeUnmask, unmaskTo);

/** A frame of a client, masked. */
function frame(first, payload) {
  const extended = payload.length > 125;
  const head = Buffer.alloc(extended ? 8 : 6);
  head[0] = first;
  head[1] = 0x80 | (extended ? 126 : payload.length);
  if (extended) head.writeUInt16BE(payload.length, 2);
  head.writeInt32BE(key, head.length - 4);
  const body = Buffer.from(payload);
  unmask(body, 0, body.length, key, 0);
  return Buffer.concat([head, body]);
}

class Reader {
  partial = null;
  expectsMask = true;
  maxMessageBytes = 1 << 20;
  inflates = false;
  heard = 0;
  onText(text) {
    this.heard += text.length;
    return true;
  }
  onBinary(bytes) {
    this.heard += bytes.length;
    return true;
  }
  onFault(fault) {
    throw new Error(fault);
  }
}

/** Reads copies of `bytes`, which it unmasks where they lie. The copying is a part of what is timed. */
function runFrames(name, bytes, count) {
  const reader = new Reader();
  run(
    name,
    () => {
      bytes.copy(arena, 0);
      readFrames(reader, arena, 0, bytes.length);
      return reader.heard;
    },
    { operations: count },
  );
  keep(reader.heard);
}

const twenty = frame(0x81, Buffer.alloc(20, "some text "));
runFrames("readFrames: a text of 20 B, one of 16", Buffer.concat(Array(16).fill(twenty)), 16);
const names = frame(0x81, Buffer.from("Grüße aus Köln, 20"));
runFrames("readFrames: 20 B not ASCII, one of 16", Buffer.concat(Array(16).fill(names)), 16);
runFrames("readFrames: a text of 1 KiB", frame(0x81, Buffer.alloc(1024, "some text ")), 1);
runFrames("readFrames: 1 KiB of bytes", frame(0x82, Buffer.alloc(1024, "some text ")), 1);
runFrames("readFrames: 16 KiB of bytes", frame(0x82, Buffer.alloc(16384, "some text ")), 1);

const text = Buffer.alloc(64 * 1024, "Grüße aus Köln, 20 € ");
run("Utf8Stream: 64 KiB in pieces of 1,400 B", () => {
  const stream = new Utf8Stream();
  for (let at = 0; at < text.length; at += 1400) {
    stream.write(text, at, Math.min(at + 1400, text.length));
  }
  return stream.isComplete;
});
