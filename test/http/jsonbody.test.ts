/** JSON bodies: what is taken, and what is refused. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { parseJson } from "../../lib/http/jsonbody.ts";

const parse = (text: string | Buffer) =>
  parseJson(typeof text === "string" ? Buffer.from(text) : text);

function refused(why: string, body: string | Buffer): void {
  assert.throws(
    () => parse(body),
    (error: unknown) => {
      assert.instance(error, HTTPInputError);
      const { code, message, status } = error as HTTPInputError;
      assert.is(status, 400);
      assert.is(code, "ERR_HTTP_JSON");
      assert.ok(message.includes(why), message);
      assert.ok(!/[^ -\ufffd]/.test(message), message);
      return true;
    },
  );
}

const json = suite("a JSON body");

json("is any value", () => {
  assert.equal(parse('{"a":[1,"é",null,true]}'), { a: [1, "é", null, true] });
  assert.is(parse(" 1 "), 1);
  assert.is(parse("null"), null);
});

json("may begin with a byte order mark", () => {
  assert.equal(parse("\ufeff[1]"), [1]);
  refused("", "\ufeff\ufeff[1]");
});

json("is refused if it is malformed, cut or empty", () => {
  refused("empty", "");
  refused("empty", "\ufeff");
  for (const text of [
    '{"a":',
    "{a:1}",
    "[1,]",
    "1 2",
    "NaN",
    "'a'",
    '{"a"\n\r\x1b:}',
    "undefined",
  ]) {
    refused("no JSON", text);
  }
});

json("is refused if it is not UTF-8", () => {
  refused("UTF-8", Buffer.from('{"a":"\xff"}', "latin1"));
  refused("UTF-8", Buffer.from('"\xc3', "latin1"));
  refused("UTF-8", Buffer.from('"\xed\xa0\x80"', "latin1"));
  refused("UTF-8", Buffer.from('"a"', "utf16le").subarray(0, 5).fill(0xff, 1, 2));
});

json("has the last of several members of one name", () => {
  assert.equal(parse('{"a":1,"a":2}'), { a: 2 });
});

json("is refused with a property __proto__, however deep and however written", () => {
  refused("__proto__", '{"__proto__":{"admin":true}}');
  refused("__proto__", '[{"a":[{"__proto__":1}]}]');
  refused("__proto__", '{"\\u005f_proto__":1}');
  refused("__proto__", '{"__pro\\u0074o__":1}');
});

json("may speak of __proto__ in a string, and have a property constructor", () => {
  const text = '{"a":"__proto__","constructor":{"prototype":1}}';
  assert.is(JSON.stringify(parse(text)), text);
  assert.equal(parse('["\\u00e9"]'), ["é"]);
});

json("may be nested 1000 deep, not deeper", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  for (const depth of [999, 1000]) parse(nested(depth));
  for (const depth of [1001, 100_000]) refused("deeper than 1000", nested(depth));
  refused("deeper than 1000", `${'{"a":'.repeat(1001)}1${"}".repeat(1001)}`);
  refused("no JSON", "[".repeat(100_000));
  assert.equal(parseJson(Buffer.from(nested(2)), 2), [[]]);
  assert.throws(() => parseJson(Buffer.from(nested(3)), 2), /deeper than 2/);
});

json("may have any number of brackets beside one another, and in strings", () => {
  const text = JSON.stringify([
    new Array(2000).fill([{}]),
    "[{".repeat(2000),
    '\\"[['.repeat(1000),
  ]);
  assert.is(JSON.stringify(parse(text)), text);
});

json.run();
