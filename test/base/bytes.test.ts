/** Units of size and tables of byte classes. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  everyByteIn,
  fieldValueBytes,
  firstByteNotIn,
  hexValues,
  isToken,
  KiB,
  MiB,
  NO_VALUE,
  tokenBytes,
} from "../../lib/base/bytes.ts";

const units = suite("units of size");

units("are powers of 1024", () => {
  assert.is(KiB, 1024);
  assert.is(MiB, 1_048_576);
});

units.run();

const tables = suite("tables of byte classes");

tables("have the 77 token characters of RFC 9110 §5.6.2", () => {
  const allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (let byte = 0; byte < 256; byte++) {
    assert.is(tokenBytes[byte] === 1, allowed.includes(String.fromCharCode(byte)), `byte ${byte}`);
  }
});

tables("keep controls and DEL out of field values", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isControl = (byte < 0x20 && byte !== 0x09) || byte === 0x7f;
    assert.is(fieldValueBytes[byte] === 1, !isControl, `byte ${byte}`);
  }
});

tables("give hexadecimal digits their value in both cases, and nothing else one", () => {
  assert.is(hexValues["0".charCodeAt(0)], 0);
  assert.is(hexValues["9".charCodeAt(0)], 9);
  assert.is(hexValues["a".charCodeAt(0)], 10);
  assert.is(hexValues["F".charCodeAt(0)], 15);
  assert.is(hexValues.filter((value) => value !== NO_VALUE).length, 22);
});

tables("find the first character outside a class, those beyond a byte included", () => {
  assert.is(firstByteNotIn(tokenBytes, "abc"), -1);
  assert.is(firstByteNotIn(tokenBytes, "ab c"), 2);
  assert.is(firstByteNotIn(fieldValueBytes, "ab€"), 2);
  assert.ok(everyByteIn(tokenBytes, ""));
});

tables("take no empty token", () => {
  assert.ok(isToken("GET"));
  assert.not(isToken(""));
  assert.not(isToken("FOO,BAR"));
});

tables.run();
