/** XSRF tokens; the texts are those of Tornado's tests. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import {
  decodeXSRFToken,
  encodeXSRFToken,
  isSameXSRFToken,
  makeXSRFToken,
  maskXSRFToken,
  xsrfFormHTML,
} from "../../lib/http/xsrftoken.ts";

const NOW_MS = 1_400_000_000_123;
const BYTES = Buffer.from("deadbeef", "hex");

/** The token deadbeef of 2011, under the mask 01020304. */
const KNOWN = "2|01020304|dfafbdeb|1300000000";

function bytesOf(text: string): string | null {
  return decodeXSRFToken(text, NOW_MS)?.bytes.toString("hex") ?? null;
}

const tokens = suite("an XSRF token");

tokens("is 16 random bytes and the second of its making", () => {
  const token = makeXSRFToken(NOW_MS);
  assert.is(token.bytes.length, 16);
  assert.is(token.issuedAtMs, 1_400_000_000_000);
  assert.not(isSameXSRFToken(token, makeXSRFToken(NOW_MS)));
});

tokens("is written as Tornado writes it", () => {
  const token = makeXSRFToken(1_300_000_000_000, BYTES);
  assert.is(encodeXSRFToken(token, { mask: Buffer.from("01020304", "hex") }), KNOWN);
  assert.is(encodeXSRFToken(token, { version: 1 }), "deadbeef");
});

tokens("is written otherwise each time, and read as one", () => {
  const token = makeXSRFToken(NOW_MS);
  const first = encodeXSRFToken(token);
  const second = encodeXSRFToken(token);
  assert.match(first, /^2\|[0-9a-f]{8}\|[0-9a-f]{32}\|1400000000$/);
  assert.is.not(first, second);
  const [one, other] = [decodeXSRFToken(first, 0), decodeXSRFToken(second, 0)];
  assert.ok(one !== null && other !== null && isSameXSRFToken(one, other));
  assert.equal(one, token);
});

tokens("keeps its time in version 2, and is of now in version 1", () => {
  assert.is(decodeXSRFToken(KNOWN, NOW_MS)?.issuedAtMs, 1_300_000_000_000);
  assert.is(decodeXSRFToken("deadbeef", NOW_MS)?.issuedAtMs, 1_400_000_000_000);
});

tokens("is the same in both versions", () => {
  assert.is(bytesOf(KNOWN), "deadbeef");
  assert.is(bytesOf("deadbeef"), "deadbeef");
  assert.is(bytesOf("DEADBEEF"), "deadbeef");
});

tokens("without version and hexadecimal is its characters", () => {
  assert.is(bytesOf("abc"), Buffer.from("abc").toString("hex"));
  assert.is(bytesOf("0|x"), Buffer.from("0|x").toString("hex"));
  assert.is(bytesOf("dead beef"), Buffer.from("dead beef").toString("hex"));
});

tokens("is none in a text of another form", () => {
  for (const text of [
    "",
    "3|",
    "1|deadbeef",
    "2|",
    "2|01020304|dfafbdeb",
    "2|01020304|dfafbdeb|1300000000|",
    "2|010203|dfafbdeb|1300000000",
    "2|0102030405|dfafbdeb|1300000000",
    "2|01020304||1300000000",
    "2|01020304|dfafbde|1300000000",
    "2|01020304|dfafbdxx|1300000000",
    "2|01020304|dfafbdeb|",
    "2|01020304|dfafbdeb|soon",
    "2|01020304|dfafbdeb|1300000000\n",
    '2|01020304|dfafbdeb|1"><script>',
    "2|01020304|dfafbdeb|9999999999999",
  ]) {
    assert.is(decodeXSRFToken(text, NOW_MS), null, text);
  }
});

tokens("is not written in another version, or with another mask", () => {
  const token = makeXSRFToken(NOW_MS);
  const isRange = (error: CodedError) => error.code === "ERR_ARGUMENT_RANGE";
  assert.throws(() => encodeXSRFToken(token, { version: 3 as 2 }), isRange);
  assert.throws(() => encodeXSRFToken(token, { mask: Buffer.alloc(3) }), isRange);
});

tokens.run();

const comparison = suite("two XSRF tokens");

comparison("are the same if their bytes are", () => {
  const token = (hex: string) => makeXSRFToken(NOW_MS, Buffer.from(hex, "hex"));
  assert.ok(isSameXSRFToken(token("deadbeef"), makeXSRFToken(0, BYTES)));
  assert.not(isSameXSRFToken(token("deadbee0"), token("deadbeef")));
  assert.not(isSameXSRFToken(token("deadbe"), token("deadbeef")));
  assert.not(isSameXSRFToken(token(""), token("deadbeef")));
});

comparison.run();

const masks = suite("a mask");

masks("is put on and taken off by the same step, and leaves its argument alone", () => {
  const mask = Buffer.from("01020304", "hex");
  const bytes = Buffer.from("deadbeefca", "hex");
  const masked = maskXSRFToken(bytes, mask);
  assert.is(masked.toString("hex"), "dfafbdebcb");
  assert.is(maskXSRFToken(masked, mask).toString("hex"), "deadbeefca");
  assert.is(bytes.toString("hex"), "deadbeefca");
});

masks.run();

const forms = suite("the form's field");

forms("carries the token", () => {
  assert.is(xsrfFormHTML(KNOWN), `<input type="hidden" name="_xsrf" value="${KNOWN}"/>`);
  assert.match(xsrfFormHTML('"><script>'), 'value="&quot;&gt;&lt;script&gt;"/>');
});

forms.run();
