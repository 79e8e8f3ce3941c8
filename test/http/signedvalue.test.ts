/** Signed values; the known answers and most cases are those of Tornado's tests. */
import { createHmac } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError, ErrorCode } from "../../lib/base/errors.ts";
import {
  createSignedValue,
  decodeSignedValue,
  getSignatureKeyVersion,
  type SignedValueInit,
  type SignedValueRequest,
  type SignedValueVersion,
} from "../../lib/http/signedvalue.ts";

const SECRET = "It's a secret to everybody";
const SECRETS = { 0: "asdfbasdf", 1: "12312312", 2: "2342342" };
const DAY_MS = 86_400_000;
const NOW_MS = 1_300_000_000_000;

const PREFIX_V2 = "2|1:0|10:1300000000|3:key|8:dmFsdWU=|";
const MAC_V2 = "3d4e60b996ff9c5d5788e333a0cba6f238a22c6c0f94788870e1a9ecd482e152";
const KNOWN_V2 = PREFIX_V2 + MAC_V2;
const KNOWN_V1 = "dmFsdWU=|1300000000|31c934969f53e48164c50768b40cbd7e2daaaa4f";

function sign(given: Partial<SignedValueInit> = {}): string {
  return createSignedValue({
    secret: SECRET,
    name: "key",
    value: "value",
    nowMs: NOW_MS,
    ...given,
  });
}

function decode(value: string | null, given: Partial<SignedValueRequest> = {}): string | null {
  const request = { secret: SECRET, name: "key", value, nowMs: NOW_MS, ...given };
  return decodeSignedValue(request)?.toString("latin1") ?? null;
}

/** A version 2 with whatever fields, rightly signed. */
function signedV2(...fields: readonly string[]): string {
  const signed = `2|${fields.map((field) => `${field.length}:${field}`).join("|")}|`;
  return signed + createHmac("sha256", SECRET).update(signed).digest("hex");
}

/** A version 1 with whatever parts, rightly signed for "key". */
function signedV1(base64: string, time: string): string {
  const mac = createHmac("sha1", SECRET).update(`key${base64}${time}`).digest("hex");
  return `${base64}|${time}|${mac}`;
}

function refuses(call: () => unknown, code: ErrorCode, pattern: RegExp): void {
  assert.throws(call, (error: CodedError) => error.code === code && pattern.test(error.message));
}

const known = suite("a signed value");

known("is that of Tornado", () => {
  assert.is(sign(), KNOWN_V2);
  assert.is(sign({ version: 2 }), KNOWN_V2);
  assert.is(sign({ version: 1 }), KNOWN_V1);
  assert.is(sign({ nowMs: NOW_MS + 999.5 }), KNOWN_V2);
  assert.is(sign({ secret: Buffer.from(SECRET), value: Buffer.from("value") }), KNOWN_V2);
});

known("is read back", () => {
  assert.is(decode(KNOWN_V2), "value");
  assert.is(decode(KNOWN_V2, { minVersion: 1 }), "value");
  assert.is(decode(KNOWN_V1, { minVersion: 1 }), "value");
  const bytes = decodeSignedValue({
    secret: SECRET,
    name: "key",
    value: Buffer.from(KNOWN_V2),
    nowMs: NOW_MS,
  });
  assert.ok(bytes?.equals(Buffer.from("value")));
});

known("may be any bytes, and its name any text", () => {
  for (const version of [1, 2] as const) {
    assert.is(decode(sign({ value: Buffer.of(0xe9), version }), { minVersion: 1 }), "\xe9");
    assert.is(decode(sign({ value: "", version }), { minVersion: 1 }), "");
  }
  for (const name of ["", "a|b:c", "\u2603", "\xe9\n"]) {
    assert.is(decode(sign({ name }), { name }), "value");
  }
});

known("is none if there is none", () => {
  for (const value of [null, "", "garbage", "||", "|||||", "3|1:0|", "2|", KNOWN_V2.slice(2)]) {
    assert.is(decode(value, { minVersion: 1 }), null, String(value));
  }
});

known("is made of a text or of bytes", () => {
  for (const value of [5, null, undefined, {}]) {
    refuses(
      () => sign({ value: value as never }),
      "ERR_ARGUMENT_TYPE",
      /"key" is .*a string and bytes/,
    );
  }
});

known.run();

const forged = suite("a signed value that was tampered with");

forged("in its fields is null", () => {
  for (const prefix of [
    "2|1:1|10:1300000000|3:key|8:dmFsdWU=|",
    "2|1:0|10:130000000|3:key|8:dmFsdWU=|",
    "2|1:0|10:1300000000|3:keey|8:dmFsdWU=|",
    "2|01:0|10:1300000000|3:key|8:dmFsdWU=|",
    "2|+1:0|10:1300000000|3:key|8:dmFsdWU=|",
    "2|1 :0|10:1300000000|3:key|8:dmFsdWU=|",
    "2|-1:0|10:1300000000|3:key|8:dmFsdWU=|",
    "2|99999999999999999999:0|10:1300000000|3:key|8:dmFsdWU=|",
    "3|1:0|10:1300000000|3:key|8:dmFsdWU=|",
  ]) {
    assert.is(decode(prefix + MAC_V2), null, prefix);
  }
});

forged("in its signature is null", () => {
  for (const mac of [
    "0".repeat(32),
    "0".repeat(64),
    `4${MAC_V2.slice(1)}`,
    `${MAC_V2.slice(0, -1)}3`,
    MAC_V2.slice(0, -1),
    `${MAC_V2}8`,
    MAC_V2.toUpperCase(),
    "",
    "\u2603".repeat(64),
  ]) {
    assert.is(decode(PREFIX_V2 + mac), null, mac);
  }
});

forged("in any one character, or cut anywhere, is null", () => {
  for (const value of [KNOWN_V1, KNOWN_V2]) {
    for (let at = 0; at < value.length; at++) {
      const other = String.fromCharCode(value.charCodeAt(at) ^ 1);
      const changed = value.slice(0, at) + other + value.slice(at + 1);
      assert.is(decode(changed, { minVersion: 1 }), null, changed);
      assert.is(decode(value.slice(0, at), { minVersion: 1 }), null);
    }
  }
});

forged("for another name is null", () => {
  assert.is(decode(KNOWN_V2, { name: "key2" }), null);
  assert.is(decode(KNOWN_V1, { name: "key2", minVersion: 1 }), null);
  assert.is(decode(KNOWN_V2, { name: "ke" }), null);
});

forged("by moving digits in a version 1 is null", () => {
  const signed = sign({ version: 1, value: Buffer.from("d76df8e7aefc", "hex") });
  const [base64 = "", time = "", mac = ""] = signed.split("|");
  assert.is(base64, "12345678");
  assert.is(decode(signed, { minVersion: 1 }), "\xd7\x6d\xf8\xe7\xae\xfc");
  assert.is(decode(`1234|5678${time}|${mac}`, { minVersion: 1 }), null);
  assert.is(decode(signedV1("dmFs", "01300000000"), { minVersion: 1 }), null);
});

forged("is null even where the signature is right", () => {
  assert.is(decode(signedV2("0", "1300000000", "key", "dmFsdWU=")), "value");
  assert.is(decode(signedV2("0", "13e8", "key", "dmFsdWU=")), null);
  assert.is(decode(signedV2("0", "", "key", "dmFsdWU=")), null);
  assert.is(decode(signedV2("x", "1300000000", "key", "dmFsdWU=")), null);
  assert.is(decode(signedV2("0", "1300000000", "key", "dmFsdWU")), null);
  assert.is(decode(signedV2("0", "1300000000", "key", "d-Fsd_U=")), null);
  assert.is(decode(signedV1("dmFsdWU", "1300000000"), { minVersion: 1 }), null);
  assert.is(decode(signedV1("dmFsdWU=", "soon"), { minVersion: 1 }), null);
});

forged.run();

const age = suite("a signed value's age");

age("is at most 31 days", () => {
  for (const value of [KNOWN_V1, KNOWN_V2]) {
    assert.is(decode(value, { minVersion: 1, nowMs: NOW_MS + 31 * DAY_MS }), "value");
    assert.is(decode(value, { minVersion: 1, nowMs: NOW_MS + 31 * DAY_MS + 1 }), null);
  }
});

age("is at most maxAgeDays", () => {
  assert.is(decode(KNOWN_V2, { maxAgeDays: 0.5, nowMs: NOW_MS + DAY_MS / 2 }), "value");
  assert.is(decode(KNOWN_V2, { maxAgeDays: 0.5, nowMs: NOW_MS + DAY_MS / 2 + 1 }), null);
  assert.is(decode(KNOWN_V2, { maxAgeDays: 0 }), "value");
});

age("of a version 1 is not below minus 31 days", () => {
  const at = (nowMs: number) => decode(KNOWN_V1, { minVersion: 1, nowMs });
  assert.is(at(NOW_MS - 31 * DAY_MS), "value");
  assert.is(at(NOW_MS - 31 * DAY_MS - 1), null);
});

age("is too high where a time is not a number", () => {
  assert.is(decode(KNOWN_V2, { nowMs: Number.NaN }), null);
  assert.is(decode(KNOWN_V2, { maxAgeDays: Number.NaN }), null);
});

age.run();

const versions = suite("the version of a signed value");

versions("is 2 at least, unless 1 is asked for", () => {
  assert.is(decode(KNOWN_V1), null);
  assert.is(decode(KNOWN_V1, { minVersion: 2 }), null);
});

versions("is 1 where the number in front is above 999", () => {
  // The base64 of a version 1 that reads as a number.
  const value = Buffer.from("1234", "base64");
  const signed = sign({ version: 1, value });
  assert.match(signed, /^1234\|/);
  assert.is(decode(signed, { minVersion: 1 }), value.toString("latin1"));
  assert.is(decode("999|1300000000|00", { minVersion: 1 }), null);
});

versions("is refused when asked for another", () => {
  for (const version of [0, 3, 1.5] as unknown as SignedValueVersion[]) {
    refuses(() => sign({ version }), "ERR_ARGUMENT_RANGE", /version is/);
    refuses(() => decode(KNOWN_V2, { minVersion: version }), "ERR_ARGUMENT_RANGE", /minVersion is/);
  }
});

versions.run();

const keys = suite("a secret of several keys");

keys("signs with the one that is named, and reads with the one that signed", () => {
  for (const keyVersion of [0, 1, 2]) {
    const signed = sign({ secret: SECRETS, keyVersion });
    assert.is(getSignatureKeyVersion(signed), keyVersion);
    assert.is(decode(signed, { secret: SECRETS }), "value");
    assert.is(decode(signed, { secret: SECRETS[1] }), keyVersion === 1 ? "value" : null);
  }
});

keys("does not read what a key has signed that is gone", () => {
  const signed = sign({ secret: SECRETS, keyVersion: 0 });
  assert.is(decode(signed, { secret: { 1: SECRETS[1] } }), null);
  assert.is(decode(signedV2("constructor", "1300000000", "key", ""), { secret: SECRETS }), null);
});

keys("has none for a version 1", () => {
  assert.is(decode(KNOWN_V1, { secret: SECRETS, minVersion: 1 }), null);
  refuses(
    () => sign({ secret: SECRETS, keyVersion: 0, version: 1 }),
    "ERR_ARGUMENT_RANGE",
    /one key/,
  );
});

keys("is not used without saying which", () => {
  refuses(() => sign({ secret: SECRETS }), "ERR_ARGUMENT_RANGE", /keyVersion is null.*0, 1, 2/);
  refuses(() => sign({ secret: SECRETS, keyVersion: 3 }), "ERR_ARGUMENT_RANGE", /keyVersion is 3/);
});

keys("has no empty one", () => {
  refuses(() => sign({ secret: "" }), "ERR_ARGUMENT_RANGE", /secret is empty/);
  refuses(() => decode(KNOWN_V2, { secret: "" }), "ERR_ARGUMENT_RANGE", /secret is empty/);
  refuses(
    () => sign({ secret: { 0: new Uint8Array() }, keyVersion: 0 }),
    "ERR_ARGUMENT_RANGE",
    /secret is empty/,
  );
});

keys("leaves a number in the value, and only in version 2", () => {
  assert.is(getSignatureKeyVersion(KNOWN_V2), 0);
  for (const value of [KNOWN_V1, "", "2|", "2|1:x|1:1|1:a|0:|", "garbage"]) {
    assert.is(getSignatureKeyVersion(value), null, value);
  }
});

keys.run();

const clocks = suite("a time to sign");

clocks("is since 1970", () => {
  for (const nowMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    refuses(() => sign({ nowMs }), "ERR_ARGUMENT_RANGE", /nowMs is/);
  }
  assert.is(decode(sign({ nowMs: 0 }), { nowMs: 0 }), "value");
});

clocks.run();
