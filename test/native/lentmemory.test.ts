/** Lent memory: taken back at the end of a call, unless somebody sends from there. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { detach } from "../../lib/native/addon.ts";
import { isLent, keepLent, lend, takeBack } from "../../lib/native/lentmemory.ts";

const t = suite("lent memory");

t("is gone from all its views when it is taken back", () => {
  const bytes = Buffer.allocUnsafeSlow(20_000);
  const part = bytes.subarray(100, 200);
  lend(bytes);
  assert.is(isLent(part), true);
  takeBack(bytes);
  assert.equal([bytes.length, part.length, bytes.buffer.byteLength], [0, 0, 0]);
  assert.is(isLent(bytes), false);
});

t("stays when somebody keeps it, or a part of it", () => {
  const bytes = Buffer.allocUnsafeSlow(20_000).fill(7);
  lend(bytes);
  keepLent(bytes.subarray(5, 6));
  assert.is(isLent(bytes), false);
  takeBack(bytes);
  assert.equal(bytes, Buffer.alloc(20_000, 7));
});

t("is never a part of other memory, such as Buffer's pool", () => {
  for (const part of [
    Buffer.from("of the pool"),
    Buffer.allocUnsafeSlow(20_000).subarray(0, 15_000),
    Buffer.allocUnsafeSlow(20_000).subarray(1),
  ]) {
    const { length } = part;
    lend(part);
    assert.is(isLent(part), false);
    takeBack(part);
    assert.is(part.length, length);
  }
  const nearly = Buffer.allocUnsafeSlow(20_000).subarray(0, 16_000);
  lend(nearly);
  takeBack(nearly);
  assert.is(nearly.length, 0);
});

t("is not taken back twice, nor what was never lent", () => {
  const bytes = Buffer.allocUnsafeSlow(20_000);
  takeBack(bytes);
  assert.is(bytes.length, 20_000);
  lend(bytes);
  takeBack(bytes);
  takeBack(bytes);
  assert.is(bytes.length, 0);
});

t("is refused by the addon where it cannot be taken away", () => {
  assert.is(detach(new Uint8Array(new SharedArrayBuffer(8))), false);
  assert.is(detach(new Uint8Array(0)), true);
  for (const wrong of [null, 7, "text", new ArrayBuffer(8), new Uint16Array(8)]) {
    assert.throws(
      () => detach(wrong as unknown as Uint8Array),
      (error: Error & { code: string }) => error.code === "ERR_NATIVE_ARGUMENT",
    );
  }
});

t.run();
