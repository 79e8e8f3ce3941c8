/** The Cookie field, by Tornado's rule; most cases are those of Tornado's and Django's tests. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseCookiePairs, parseCookies, unquoteCookie } from "../../lib/http/cookies.ts";

function pairs(field: string): Record<string, string> {
  return Object.fromEntries(parseCookiePairs(field));
}

const cookies = suite("a Cookie field");

cookies("is split at semicolons, even inside quotes", () => {
  assert.equal(pairs("chips=ahoy; vienna=finger"), { chips: "ahoy", vienna: "finger" });
  assert.equal(pairs('keebler="E=mc2; L=\\"Loves\\"; fudge=\\012;"'), {
    keebler: '"E=mc2',
    L: '\\"Loves\\"',
    fudge: "\\012",
    "": '"',
  });
  assert.equal(pairs("a=b; c=[; d=r; f=h"), { a: "b", c: "[", d: "r", f: "h" });
});

cookies("is split at the first = of a piece", () => {
  assert.equal(pairs("keebler=E=mc2"), { keebler: "E=mc2" });
  assert.equal(pairs("a=b=c"), { a: "b=c" });
  assert.equal(pairs("=b"), { "": "b" });
  assert.equal(pairs("a="), { a: "" });
});

cookies("gives a piece without = the empty name", () => {
  assert.equal(pairs("abc=def; unnamed; django_language=en"), {
    "": "unnamed",
    abc: "def",
    django_language: "en",
  });
  assert.equal(pairs(""), {});
  assert.equal(pairs(" ; ;=;"), {});
});

cookies("loses spaces and tabs around names and values, and no other bytes", () => {
  assert.equal(pairs(" a = b c\t;\td=\xa0e\xa0"), { a: "b c", d: "\xa0e\xa0" });
});

cookies("has the last of several cookies of one name, in the place of the first", () => {
  assert.equal(
    [...parseCookiePairs("a=b; c=d; a=x")],
    [
      ["a", "x"],
      ["c", "d"],
    ],
  );
});

cookies("keeps names that mean something to JavaScript", () => {
  assert.is(parseCookies("__proto__=1; constructor=2").get("__proto__"), "1");
});

cookies("is read in one pass", () => {
  const field = `${"a=;".repeat(20_000)}foo=1`;
  assert.is(parseCookies(field).get("foo"), "1");
});

cookies.run();

const handlers = suite("the cookies a handler sees");

handlers("lack names that SimpleCookie rejects", () => {
  const seen = parseCookies("ok=1; a b=2; f\u00fc=3; (x)=4; unnamed; a:b=5; Path=6; expires=7");
  assert.equal(Object.fromEntries(seen), { ok: "1", "a:b": "5" });
});

handlers.run();

const quoted = suite("a quoted cookie value");

quoted("loses its quotes and escapes", () => {
  assert.is(unquoteCookie('"a\\073b"'), "a;b");
  assert.is(unquoteCookie('"a\\"b"'), 'a"b');
  assert.is(unquoteCookie('"\\\\"'), "\\");
  assert.is(unquoteCookie('"\\303\\251"'), "\xc3\xa9");
  assert.is(unquoteCookie('""'), "");
});

quoted("keeps what is no escape", () => {
  assert.is(unquoteCookie('"a\\08b"'), "a08b");
  assert.is(unquoteCookie('"\\400"'), "400");
  assert.is(unquoteCookie('"\\07"'), "07");
  assert.is(unquoteCookie('"a\\"'), "a\\");
});

quoted("is as it is unless quoted at both ends", () => {
  assert.is(unquoteCookie('"a'), '"a');
  assert.is(unquoteCookie('a"'), 'a"');
  assert.is(unquoteCookie('"'), '"');
  assert.is(unquoteCookie("a\\073b"), "a\\073b");
});

quoted("of 60 000 backslashes has 30 000 (CVE-2024-52804)", () => {
  assert.is(unquoteCookie(`"${"\\".repeat(60_000)}"`), "\\".repeat(30_000));
});

quoted.run();
