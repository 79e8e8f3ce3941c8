/** BodyBuffer: a body in pieces of any size. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BodyBuffer } from "../../lib/base/bodybuffer.ts";

const body = suite("a request's body");

body("is what arrived, in whatever pieces", () => {
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, i) => i % 251));
  for (const step of [1, 7, 4096, 4097, 20_000]) {
    const buffer = new BodyBuffer();
    for (let at = 0; at < bytes.length; at += step) {
      buffer.append(bytes, at, Math.min(at + step, bytes.length), 0);
    }
    assert.is(buffer.length, bytes.length);
    assert.ok(buffer.take().equals(bytes));
    assert.is(buffer.length, 0);
  }
});

body("takes exactly the declared length when it comes at once", () => {
  const buffer = new BodyBuffer();
  buffer.append(Buffer.from("hello"), 0, 5, 5);
  assert.is(buffer.take().buffer.byteLength, 5);
});

body("of a large declared length takes memory only as it arrives", () => {
  const buffer = new BodyBuffer();
  buffer.append(Buffer.from("hello"), 0, 5, 1_000_000_000);
  assert.ok(buffer.take().buffer.byteLength < 10_000);
});

body("of nothing is empty", () => {
  assert.is(new BodyBuffer().take().length, 0);
});
body.run();
