/** application/x-www-form-urlencoded. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HTTPInputError } from "../../lib/base/errors.ts";
import { parseQuery, parseUrlEncoded, percentDecode } from "../../lib/http/forms.ts";

function parsed(text: string): Record<string, string[]> {
  return Object.fromEntries(parseQuery(text));
}

const query = suite("a query");

query("gives all values of a name in order", () => {
  assert.equal(parsed("a=1&b=2&a=3"), { a: ["1", "3"], b: ["2"] });
});

query("keeps blank values, and names without =", () => {
  assert.equal(parsed("foo=&bar&=x&"), { foo: [""], bar: [""], "": ["x"] });
  assert.equal(parsed(""), {});
  assert.equal(parsed("&&"), {});
});

query("is split at the first = and on & only", () => {
  assert.equal(parsed("a=b=c;d=e"), { a: ["b=c;d=e"] });
});

query("is decoded: + is a space, %XX a byte", () => {
  assert.equal(parsed("a+b=c+d&x%3D=%26%2B%2b"), { "a b": ["c d"], "x=": ["&++"] });
  assert.equal(parsed("a=%C3%A9&b=\xff%00"), { a: ["\xc3\xa9"], b: ["\xff\0"] });
});

query("keeps a % that begins no escape", () => {
  assert.equal(parsed("a=100%&b=%zz&c=%4&d=%%41"), {
    a: ["100%"],
    b: ["%zz"],
    c: ["%4"],
    d: ["%A"],
  });
});

query("has names in UTF-8 where they are UTF-8, and as bytes where not", () => {
  assert.equal(parsed("%C3%A9=1&\xc3\xa9=2&%FF=3"), { é: ["1", "2"], "\xff": ["3"] });
});

query("keeps names that mean something to JavaScript", () => {
  assert.equal(parseQuery("__proto__=1").get("__proto__"), ["1"]);
});

query("has at most 1000 arguments", () => {
  assert.is(parseQuery("a=1&".repeat(1000)).get("a")?.length, 1000);
  assert.throws(
    () => parseQuery(`${"a=1&".repeat(1000)}a=1`),
    (error: unknown) =>
      error instanceof HTTPInputError &&
      error.status === 400 &&
      error.code === "ERR_HTTP_TOO_MANY_ARGUMENTS",
  );
  assert.is(parseQuery("a&a", 2).get("a")?.length, 2);
  assert.throws(() => parseQuery("a&a&a", 2), /more than [0-9]+ arguments/);
  assert.throws(() => parseQuery("&".repeat(1001)), /more than 1000/, "empty pairs count");
});

query("stops at the limit while scanning", () => {
  const found = new Map<string, string[]>();
  assert.throws(() => parseUrlEncoded("a&".repeat(1_000_000), found), /more than [0-9]+ arguments/);
  assert.is(found.get("a")?.length, 1000);
});

query.run();

const form = suite("a form");

form("is read from bytes, and added to what is there", () => {
  const found = new Map([["a", ["0"]]]);
  parseUrlEncoded(Buffer.from("a=1&b=\xd5\xc5", "latin1"), found);
  assert.equal(Object.fromEntries(found), { a: ["0", "1"], b: ["\xd5\xc5"] });
});

form.run();

const percent = suite("percent-encoded text");

percent("is decoded to bytes, + left alone", () => {
  assert.is(percentDecode("1+1"), "1+1");
  assert.is(percentDecode("%31+%3a%3"), "1+:%3");
  assert.is(percentDecode("%c3%A9"), "\xc3\xa9");
});

percent.run();
