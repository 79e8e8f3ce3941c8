/** Escaping for HTML, JSON and URLs; most cases are those of Tornado's tests. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { CodedError } from "../../lib/base/errors.ts";
import {
  jsonDecode,
  jsonEncode,
  squeeze,
  toUnicode,
  urlEscape,
  urlUnescape,
  utf8,
  xhtmlEscape,
  xhtmlUnescape,
} from "../../lib/http/escape.ts";

const NOT_UTF8 = Buffer.of(0xe9);

const isRange = (error: CodedError) => error.code === "ERR_ARGUMENT_RANGE";
const isType = (error: CodedError) => error.code === "ERR_ARGUMENT_TYPE";

const html = suite("a text in HTML");

html("is escaped, and unescaped again", () => {
  for (const [text, escaped] of [
    ["<foo>", "&lt;foo&gt;"],
    ["<>&\"'", "&lt;&gt;&amp;&quot;&#x27;"],
    ["&amp;", "&amp;amp;"],
    ["<\xe9>", "&lt;\xe9&gt;"],
    ["", ""],
  ] as const) {
    assert.is(xhtmlEscape(text), escaped);
    assert.is(xhtmlEscape(Buffer.from(text)), escaped);
    assert.is(xhtmlUnescape(escaped), text);
    assert.is(xhtmlUnescape(Buffer.from(escaped)), text);
  }
});

html("is unescaped by number", () => {
  for (const [escaped, text] of [
    ["foo&#32;bar", "foo bar"],
    ["foo&#x20;bar", "foo bar"],
    ["foo&#X20;bar", "foo bar"],
    ["foo&#xabc;bar", "foo\u0abcbar"],
    ["foo&#65bar", "fooAbar"],
    ["&#x1d504;", "\u{1d504}"],
    ["foo&#xyz;bar", "foo&#xyz;bar"],
    ["foo&#;bar", "foo&#;bar"],
    ["foo&#x;bar", "foo&#x;bar"],
  ] as const) {
    assert.is(xhtmlUnescape(escaped), text);
  }
});

html("has for a number that is no character what browsers make of it", () => {
  assert.is(xhtmlUnescape("&#0;&#xd800;&#x110000;&#99999999999999999999;"), "\ufffd".repeat(4));
  assert.is(xhtmlUnescape("&#128;&#x99;&#x81;&#159;"), "\u20ac\u2122\x81\u0178");
  assert.is(xhtmlUnescape("a&#1;&#x7f;&#xfdd0;&#xffff;&#x10fffe;b"), "ab");
  assert.is(xhtmlUnescape("&#9;&#10;&#13;&#160;"), "\t\n\r\xa0");
});

html("is unescaped by name, the longest that fits", () => {
  assert.is(
    xhtmlUnescape("&eacute;&Afr;&NotEqualTilde;&hearts;"),
    "\xe9\u{1d504}\u2242\u0338\u2665",
  );
  assert.is(xhtmlUnescape("&CounterClockwiseContourIntegral;"), "\u2233");
  assert.is(xhtmlUnescape("&ampersand &lt=&notit;&notin;"), "&ersand <=\xacit;\u2209");
  assert.is(xhtmlUnescape("&nosuch; &hearts &; & &&amp;"), "&nosuch; &hearts &; & &&");
});

html("is not unescaped twice", () => {
  assert.is(xhtmlUnescape("&amp;lt;"), "&lt;");
});

html.run();

const json = suite("JSON");

json("has no </ in it", () => {
  assert.is(jsonEncode({ a: "</script>" }), '{"a":"<\\/script>"}');
  assert.equal(jsonDecode(jsonEncode(["</", "\xe9", null])), ["</", "\xe9", null]);
});

json("is read from text and from UTF-8", () => {
  assert.is(jsonDecode('"foo"'), "foo");
  assert.is(jsonDecode(Buffer.from('"\xe9"')), "\xe9");
  assert.throws(() => jsonDecode(NOT_UTF8), isRange);
  assert.throws(() => jsonDecode("{"), SyntaxError);
});

json("is not written for what it has no text for", () => {
  assert.throws(() => jsonEncode(undefined), isType);
  assert.throws(() => jsonEncode(jsonEncode), isType);
});

json.run();

const urls = suite("a value in a URL");

urls("is escaped as UTF-8, or byte for byte", () => {
  assert.is(urlEscape("\xe9"), "%C3%A9");
  assert.is(urlEscape(Buffer.from("\xe9")), "%C3%A9");
  assert.is(urlEscape(NOT_UTF8), "%E9");
  assert.is(urlEscape("\ud800"), "%EF%BF%BD");
});

urls("is escaped for a query, or for a path", () => {
  assert.is(urlEscape("+ #%/"), "%2B+%23%25%2F");
  assert.is(urlEscape("+ #%/", { plus: false }), "%2B%20%23%25/");
  assert.is(urlEscape("azAZ09_.-~"), "azAZ09_.-~");
  assert.is(urlEscape("!*'()\r\n\0"), "%21%2A%27%28%29%0D%0A%00");
});

urls("is unescaped from a query, or from a path", () => {
  assert.is(urlUnescape("%2B+%23%25"), "+ #%");
  assert.is(urlUnescape("%2B%20%23+", { plus: false }), "+ #+");
});

urls("is unescaped as UTF-8, as latin1, or to bytes", () => {
  for (const escaped of ["%C3%A9", Buffer.from("%c3%a9")]) {
    assert.is(urlUnescape(escaped), "\xe9");
    assert.is(urlUnescape(escaped, { encoding: "latin1" }), "\xc3\xa9");
    assert.is(urlUnescape(escaped, { encoding: null }).toString("hex"), "c3a9");
  }
  assert.is(urlUnescape("a+b\xe9", { encoding: null }).toString("hex"), "612062c3a9");
  assert.is(urlUnescape("a+", { encoding: null, plus: false }).toString("hex"), "612b");
});

urls("keeps what is no escape, and has U+FFFD for what is no UTF-8", () => {
  assert.is(urlUnescape("%zz%4%\u2603%41"), "%zz%4%\u2603A");
  assert.is(urlUnescape("%FFa%E2%98"), "\ufffda\ufffd");
});

urls.run();

const texts = suite("a text");

texts("is made of UTF-8, and UTF-8 of it", () => {
  assert.is(toUnicode("\xe9"), "\xe9");
  assert.is(toUnicode(Buffer.from("\ufeff\xe9")), "\ufeff\xe9");
  assert.is(toUnicode(new Uint8Array([0x61, 0x62]).subarray(1)), "b");
  assert.is(toUnicode(null), null);
  assert.is(utf8("\xe9").toString("hex"), "c3a9");
  assert.is(utf8(NOT_UTF8), NOT_UTF8);
  assert.is(utf8(null), null);
});

texts("is not made of other bytes, or of other things", () => {
  assert.throws(() => toUnicode(NOT_UTF8), isRange);
  assert.throws(() => toUnicode(5 as unknown as string), isType);
  assert.throws(() => xhtmlEscape(null as unknown as string), isType);
  assert.throws(() => utf8(5 as unknown as string), isType);
  assert.throws(() => xhtmlEscape(undefined as unknown as string), isType);
});

texts("loses runs of white space when squeezed", () => {
  assert.is(squeeze("sequences     of    whitespace   chars"), "sequences of whitespace chars");
  assert.is(squeeze("\0 a\t\r\n\x1fb\n"), "a b");
});

texts.run();
