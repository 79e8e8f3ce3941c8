/** Topics: what names and patterns may be, and which patterns match a name. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import {
  checkPattern,
  checkTopic,
  MOST_LEVELS,
  matchesTopic,
  TopicIndex,
} from "../../lib/websocket/topics.ts";

const t = suite("topics");

function refuses(call: () => unknown, says: RegExp): void {
  assert.throws(
    call,
    (error: unknown) =>
      error instanceof CodedError && error.code === "ERR_TOPIC_NAME" && says.test(error.message),
  );
}

t("have names of levels that are not empty", () => {
  for (const name of ["a", "room/7", "straße/ü 1/x.y", "a".repeat(256), "😀/+/#"]) {
    checkTopic(name, 256);
    assert.is(checkPattern(name, 256), false);
  }
  for (const name of ["", "/", "a/", "/a", "a//b", "a/*", "*", "a*", "a\n", "a\u0000", "\ud800"]) {
    refuses(() => checkTopic(name, 256), /allowed: levels/);
  }
  for (const name of [7, null, undefined, {}]) refuses(() => checkTopic(name, 256), /a string/);
});

t("have a longest name and a deepest one", () => {
  checkTopic("a".repeat(8), 8);
  refuses(() => checkTopic("a".repeat(9), 8), /at most 8 characters/);
  refuses(() => checkPattern(`${"a".repeat(7)}/*`, 8), /at most 8 characters/);
  const deepest = Array(MOST_LEVELS).fill("a").join("/");
  checkTopic(deepest, 256);
  checkPattern(`${deepest.slice(0, -1)}*`, 256);
  refuses(() => checkTopic(`${deepest}/a`, 256), /at most 32 levels/);
  refuses(() => checkPattern(`${deepest}/*`, 256), /at most 32 levels/);
});

t("are matched by patterns with stars for whole levels", () => {
  for (const pattern of ["*", "**", "room/*", "room/**", "*/x/*", "*/*", "*/**"]) {
    assert.is(checkPattern(pattern, 256), true);
  }
  for (const pattern of ["a*", "**/a", "a/**/b", "a/***", "/*", "*/", "a//*", "*\n"]) {
    refuses(() => checkPattern(pattern, 256), /allowed/);
  }
});

const cases: readonly [pattern: string, matched: string, not: string][] = [
  ["room/*", "room/1 room/x", "room room/1/2 rooms/1 hall/1"],
  ["room/**", "room/1 room/1/2 room/1/2/3", "room hall/1"],
  ["**", "a a/b a/b/c", ""],
  ["*", "a", "a/b"],
  ["*/x/*", "a/x/b", "a/y/b a/x a/x/b/c x/x"],
  ["a/*/**", "a/b/c a/b/c/d", "a/b a"],
  ["room/1", "room/1", "room/2 room"],
];

t("match as the pattern says, alone and among others", () => {
  const index = new TopicIndex<string>();
  for (const [pattern] of cases) index.set(pattern, pattern);
  assert.is(index.size, cases.length);
  assert.equal([...index].sort(), cases.map(([pattern]) => pattern).sort());
  for (let round = 0; round < 2; round++) {
    for (const [pattern, matched, not] of cases) {
      for (const name of matched.split(" ")) {
        assert.ok(matchesTopic(pattern, name), `${pattern} ${name}`);
        assert.ok(index.match(name).includes(pattern), `${pattern} ${name}`);
      }
      for (const name of not.split(" ").filter((each) => each !== "")) {
        assert.not(matchesTopic(pattern, name), `${pattern} ${name}`);
        assert.not(index.match(name).includes(pattern), `${pattern} ${name}`);
      }
    }
  }
});

t("are matched by the most particular pattern first", () => {
  const index = new TopicIndex<string>();
  for (const pattern of ["**", "a/**", "*/b", "a/*", "a/b"]) index.set(pattern, pattern);
  assert.equal(index.match("a/b"), ["a/b", "a/*", "a/**", "*/b", "**"]);
});

t("forget patterns that are deleted, and what they remembered of names", () => {
  const index = new TopicIndex<number>();
  assert.equal(index.match("a/b"), []);
  index.set("a/*", 1);
  index.set("a/*/c", 2);
  assert.equal(index.match("a/b"), [1]);
  index.set("a/*", 3);
  assert.is(index.size, 2);
  assert.equal(index.match("a/b"), [3]);
  index.delete("a/*");
  index.delete("a/*");
  index.delete("no/such");
  index.delete("a");
  assert.is(index.get("a/*"), null);
  assert.is(index.get("a/*/c/d"), null);
  assert.equal(index.match("a/b"), []);
  assert.equal(index.match("a/b/c"), [2]);
  index.delete("a/*/c");
  assert.is(index.size, 0);
  assert.equal([...index], []);
});

t("are remembered up to a bound, and matched right beyond it", () => {
  const index = new TopicIndex<number>();
  index.set("room/*", 1);
  for (let i = 0; i < 10_000; i++) assert.equal(index.match(`room/${i}`), [1]);
  for (let i = 0; i < 10_000; i++) assert.equal(index.match(`hall/${i}`), []);
});

t.run();
