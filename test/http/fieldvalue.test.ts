/** What an application may send in a field or a status line. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { checkFieldName, checkFieldValue, checkReason } from "../../lib/http/fieldvalue.ts";

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof CodedError && error.code === expected;
}

const names = suite("a field name to send");

names("is spelled Http-Header-Case", () => {
  assert.is(checkFieldName("content-type"), "Content-Type");
  assert.is(checkFieldName("ETag"), "Etag");
  assert.is(checkFieldName("WWW-AUTHENTICATE"), "Www-Authenticate");
  assert.is(checkFieldName("sec-websocket-key"), "Sec-Websocket-Key");
  assert.is(checkFieldName("-x--1y-"), "-X--1y-");
  assert.is(checkFieldName("content-type"), "Content-Type", "seen before");
});

names("is a token", () => {
  for (const name of ["", " ", "a b", "a:", "a\r\n", "a\0", "é", "a\u{1f300}", "(a)"]) {
    assert.throws(() => checkFieldName(name), code("ERR_HTTP_FIELD_NAME"), JSON.stringify(name));
  }
});

names("is right however many and long they are", () => {
  for (let i = 0; i < 3000; i++) assert.is(checkFieldName(`x-n${i}`), `X-N${i}`);
  assert.is(checkFieldName(`x-${"a".repeat(100)}`), `X-A${"a".repeat(99)}`);
});

names.run();

const values = suite("a field value to send");

values("has tab, space, visible ASCII and obs-text only", () => {
  for (let byte = 0; byte < 256; byte++) {
    const isAllowed = byte === 9 || (byte >= 0x20 && byte !== 0x7f);
    const check = () => checkFieldValue(`a${String.fromCharCode(byte)}b`);
    if (isAllowed) check();
    else assert.throws(check, code("ERR_HTTP_FIELD_VALUE"), `byte ${byte}`);
  }
  checkFieldValue("");
});

values("is refused with the character, its offset and a remedy", () => {
  assert.throws(() => checkFieldValue("ab\r\nX: 1"), /character 0x0d at offset 2; RFC 9110/);
  assert.throws(() => checkFieldValue("€"), /character 0x20ac at offset 0; encode the text first/);
});

values.run();

const reasons = suite("a reason phrase to send");

reasons("is kept if it is one", () => {
  assert.is(checkReason("Not Found"), "Not Found");
  assert.is(checkReason("Pas trouv\xe9"), "Pas trouv\xe9");
});

reasons("becomes Unknown if it could break the status line or the error page", () => {
  for (const reason of ["OK\r\nX-Injection: 1", "a\nb", "a\0", "<script>", "", "a\x7f", "€"]) {
    assert.is(checkReason(reason), "Unknown", JSON.stringify(reason));
  }
});

reasons.run();
