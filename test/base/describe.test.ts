/** A value in a few words, for error messages. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describe, quote } from "../../lib/base/describe.ts";

const described = suite("a value in an error message");

described("is named by its kind", () => {
  assert.is(describe("a"), '"a"');
  assert.is(describe(1.5), "1.5");
  assert.is(describe(2n), "2n");
  assert.is(describe(true), "true");
  assert.is(describe(null), "null");
  assert.is(describe(undefined), "undefined");
  assert.is(
    describe(() => 1),
    "a function",
  );
  assert.is(describe(Symbol("s")), "a symbol");
  assert.is(describe([1, 2]), "an array of 2");
  assert.is(describe({ a: 1 }), "an object");
  assert.is(describe(Object.create(null)), "an object");
  assert.is(describe(new Date(0)), "an instance of Date");
});

described("runs no code of the value", () => {
  const trap = {
    get constructor(): never {
      throw new Error("ran");
    },
    toString(): never {
      throw new Error("ran");
    },
  };
  assert.is(describe(trap), "an object");
  assert.is(describe(Object.create(trap)), "an object");
});

described("stays on one line and short", () => {
  assert.is(quote("a\r\nb\x7f"), '"a\\r\\nb\\x7f"');
  assert.is(quote("a".repeat(60)), `"${"a".repeat(60)}"`);
  assert.is(quote("a".repeat(61)), `"${"a".repeat(60)}…"`);
});

described.run();
