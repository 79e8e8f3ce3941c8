/** Tornado's httputil: what is there for applications alone. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  parseCookie,
  parseQsBytes,
  recursiveUnicode,
  splitHostAndPort,
} from "../../lib/http/httputil.ts";

const util = suite("httputil");
util("takes hosts apart", () => {
  assert.equal(splitHostAndPort("foo"), ["foo", null]);
  assert.equal(splitHostAndPort("foo:80"), ["foo", 80]);
  assert.equal(splitHostAndPort("[::1]:80"), ["[::1]", 80]);
});
util("parses cookies", () => {
  assert.equal(
    [...parseCookie('a=1; b="2"; a=3')],
    [
      ["a", "3"],
      ["b", "2"],
    ],
  );
});
util("parses cookies without a name, and those that request.cookies leaves out", () => {
  const parsed = (field: string) => Object.fromEntries(parseCookie(field));
  assert.equal(parsed('a=b; "; c=d'), { a: "b", "": '"', c: "d" });
  assert.equal(parsed("a b c=d e = f; gh=i"), { "a b c": "d e = f", gh: "i" });
  assert.equal(parsed("  =  b  ;  ;  =  ;   c  =  ;  "), { "": "b", c: "" });
  assert.equal(parsed("Path=/x; abc=def; unnamed"), { Path: "/x", abc: "def", "": "unnamed" });
});
util("parses queries of any bytes", () => {
  const bytes = (text: string) => Buffer.from(text, "latin1");
  assert.equal([...parseQsBytes("a=%e9&a=2&b=&c")], [["a", [bytes("\xe9"), bytes("2")]]]);
  assert.equal(
    [...parseQsBytes(Buffer.from("b=&c"), { keepBlankValues: true })],
    [
      ["b", [bytes("")]],
      ["c", [bytes("")]],
    ],
  );
  assert.throws(() => parseQsBytes("a=1&c", { strictParsing: true }), /"c" in a query has no "="/);
});
util("finds bytes in values", () => {
  const b = Buffer.from("é");
  assert.equal(recursiveUnicode({ a: [b, 1, null], m: new Map([["k", b]]) }), {
    a: ["é", 1, null],
    m: new Map([["k", "é"]]),
  });
});
util.run();
