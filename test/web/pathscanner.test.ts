/** PathScanner: takes exactly the patterns it can, and says of every path what their regular expression says. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kwargsMaker, namedSlices } from "../../lib/web/kwargsmaker.ts";
import { PathScanner } from "../../lib/web/pathscanner.ts";
import { tokensOf } from "../../lib/web/patterntokens.ts";

const scanner = suite("a scanner");

const simple = [
  "/user/([0-9]+)",
  "/user/(\\d+)",
  "/(\\w+)",
  "/([^/]+)/x/([^/]*)",
  "/static/(.*)",
  "/static/(.+)",
  "/([0-9]{4})/([0-9]{2})",
  "/([0-9]{2,})-([0-9]{1,2})",
  "/(?<a>[^/]+)/(?<b>[^/]+)",
  "/v([0-9])x",
  "/v([0-9]?)x",
];

/** Every string of up to `length` characters of `alphabet`. */
function* strings(alphabet: string, length: number): Generator<string> {
  yield "";
  if (length === 0) return;
  for (const rest of strings(alphabet, length - 1)) for (const char of alphabet) yield char + rest;
}

scanner("agrees with the regular expression on every short path", () => {
  const tails = [...strings("/1x-", 5)];
  for (const pattern of simple) {
    const made = PathScanner.from(tokensOf(pattern));
    assert.ok(made, `no scanner for ${pattern}`);
    const regex = new RegExp(`^(?:${pattern})$`);
    for (const start of ["", "/", "/user/", "/static/", "/2026/", "/v", "/é"]) {
      for (const tail of tails) {
        const path = start + tail;
        const expected = regex.exec(path);
        assert.is(made.scan(path), expected !== null, `${pattern} on ${path}`);
        if (expected !== null) assert.equal(made.args(path), expected.slice(1));
      }
    }
  }
});

scanner("knows every latin1 character of a set", () => {
  for (const set of ["\\w", "\\d", "\\s", ".", "[^/]", "[\\]\\-a-f]", "[^a-z]"]) {
    const made = PathScanner.from(tokensOf(`/(${set})`));
    const regex = new RegExp(`^${set}$`);
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code);
      assert.is(made?.scan(`/${char}`), regex.test(char), `${set} has ${code}`);
    }
  }
});

scanner("leaves to the regular expression what could match in two ways", () => {
  const others = [
    "/(.*)/x",
    "/([^/]+)([0-9]+)",
    "/([0-9]+)1",
    "/(a|b)",
    "/(a+b)",
    "/(\\w+?)",
    "/(?:[0-9]+)",
    "/x",
    "/([0-9]+)?",
    "/([0-9]+)|/x",
    "/(^[0-9])",
  ];
  for (const pattern of others) assert.is(PathScanner.from(tokensOf(pattern)), null, pattern);
});

scanner("gives named groups as a plain object", () => {
  const made = PathScanner.from(tokensOf("/(?<a>[^/]+)/(?<b>[^/]+)"));
  const path = "/1/2";
  assert.ok(made?.scan(path));
  assert.equal(made?.kwargs(path, ["a", "b"]), { a: "1", b: "2" });
});

scanner("gives the same named groups where compiling from text is forbidden", () => {
  const bounds = Int32Array.of(1, 2, 3, 4);
  const names = ["a", "\u03c0"];
  assert.equal(namedSlices("/1/2", bounds, names), { a: "1", \u03c0: "2" });
  assert.equal(kwargsMaker(names)("/1/2", bounds), { a: "1", \u03c0: "2" });
});

scanner.run();
