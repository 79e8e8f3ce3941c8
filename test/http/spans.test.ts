/** Where the fields of a head are. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { nameIsAt, spansOf } from "../../lib/http/spans.ts";

const HEAD = "GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Pad: \t b c \t\r\n\r\n";

const spans = suite("the spans of a head");

spans("say where names begin and what trimmed values are", () => {
  const found = spansOf(HEAD);
  const fields = [0, 3, 6].map((at) => [
    HEAD.slice(found[at], HEAD.indexOf(":", found[at])),
    HEAD.slice(found[at + 1], found[at + 2]),
  ]);
  assert.is(found.length, 9);
  assert.equal(fields, [
    ["Host", "a"],
    ["X-Empty", ""],
    ["X-Pad", "b c"],
  ]);
});

spans("are none for a head without fields", () => {
  assert.equal(spansOf("GET / HTTP/1.0\r\n\r\n"), []);
  assert.equal(spansOf("GET / HTTP/1.0"), []);
  assert.equal(spansOf(""), []);
});

spans("end with the text, whole or not", () => {
  assert.equal(spansOf("GET / HTTP/1.0\r\nA: b"), [16, 19, 20]);
});

spans.run();

const names = suite("a name in a head");

names("is compared without regard to case, and whole", () => {
  assert.ok(nameIsAt("Host: a", 0, "host"));
  assert.ok(nameIsAt("Host: a", 0, "HOST"));
  assert.not(nameIsAt("Host: a", 0, "hos"));
  assert.not(nameIsAt("Host: a", 0, "hosts"));
  assert.not(nameIsAt("Host: a", 0, "hast"));
});

names("differs in characters that only look like two cases of one", () => {
  assert.not(nameIsAt("a^: b", 0, "a~"));
  assert.not(nameIsAt("a1: b", 0, "a\x11"));
  assert.ok(nameIsAt("a^: b", 0, "A^"));
});

names.run();
