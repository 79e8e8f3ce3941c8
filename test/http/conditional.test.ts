/** Entity tags and If-None-Match. */
import { createHash } from "node:crypto";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { etagOf, matchesIfNoneMatch } from "../../lib/http/conditional.ts";

const etags = suite("the entity tag of a body");

etags("is the SHA-1 of its bytes in quotes", () => {
  assert.is(etagOf(["hello"]), '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"');
  assert.is(etagOf([Buffer.from("hello")]), '"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"');
});

etags("does not depend on how the body was cut", () => {
  assert.is(etagOf(["he", Buffer.from("l"), "lo"]), etagOf(["hello"]));
  assert.is(etagOf([]), etagOf([""]));
});

etags("is of the UTF-8 bytes of text", () => {
  const hex = createHash("sha1").update(Buffer.from("é€", "utf8")).digest("hex");
  assert.is(etagOf(["é€"]), `"${hex}"`);
  assert.is(etagOf(["é", "€"]), `"${hex}"`);
});

etags("is right whatever bodies came before", () => {
  const texts = ["", "a", "b", "q", "Q", "a".repeat(512), "a".repeat(513), "ab", "\u0061b", "é"];
  for (let round = 0; round < 3; round++) {
    for (const text of texts) {
      const hex = createHash("sha1").update(text).digest("hex");
      assert.is(etagOf([text]), `"${hex}"`);
    }
  }
});

etags.run();

const matches = suite("If-None-Match");

matches("matches a tag in the list, and * matches all", () => {
  assert.ok(matchesIfNoneMatch('"a"', '"a"'));
  assert.ok(matchesIfNoneMatch('"b", "a"', '"a"'));
  assert.ok(matchesIfNoneMatch('"b","a","c"', '"a"'));
  assert.ok(matchesIfNoneMatch("*", '"a"'));
  assert.ok(matchesIfNoneMatch(" *", '"a"'));
  assert.ok(matchesIfNoneMatch('"with, comma"', '"with, comma"'));
});

matches("compares weakly, on both sides", () => {
  assert.ok(matchesIfNoneMatch('W/"a"', '"a"'));
  assert.ok(matchesIfNoneMatch('"a"', 'W/"a"'));
  assert.ok(matchesIfNoneMatch('W/"a"', 'W/"a"'));
});

matches("does not match another tag, a part of one, or what is no tag", () => {
  assert.not(matchesIfNoneMatch('"ab"', '"a"'));
  assert.not(matchesIfNoneMatch('"xa"', '"a"'));
  assert.not(matchesIfNoneMatch("a", '"a"'));
  assert.not(matchesIfNoneMatch("", '"a"'));
  assert.not(matchesIfNoneMatch('"a', '"a"'));
  assert.not(matchesIfNoneMatch('"b", *', '"a"'));
});

matches("is judged in one pass", () => {
  assert.not(matchesIfNoneMatch('"'.repeat(65_535), '"a"'));
  assert.not(matchesIfNoneMatch("W/".repeat(32_000), '"a"'));
});

matches.run();
