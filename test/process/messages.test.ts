/** What parent and workers say, and what a worker is started with: taken if it is whole, and passed over if not. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parentMessage, workerMessage } from "../../lib/process/messages.ts";
import { parseIdentity } from "../../lib/process/workerenv.ts";

const messages = suite("a message");

messages("that is one of ours is understood, without what it has besides", () => {
  for (const message of [
    { landspout: "hello" },
    { landspout: "ready" },
    { landspout: "pong", id: 0 },
    { landspout: "askAll", id: 7 },
    { landspout: "stats", id: 1, stats: { a: 1 } },
  ]) {
    assert.equal(workerMessage({ ...message, more: 1 }), message);
  }
  for (const message of [
    { landspout: "ping", id: 0 },
    { landspout: "askStats", id: 3 },
    { landspout: "allStats", id: 1, workers: [] },
    { landspout: "stop", graceMs: 0, isRestart: false },
  ]) {
    assert.equal(parentMessage({ ...message, more: 1 }), message);
  }
});

messages("that is none, or malformed, is nobody's", () => {
  for (const value of [
    undefined,
    null,
    0,
    "stop",
    [],
    {},
    { landspout: undefined },
    { landspout: {} },
    { landspout: "toString" },
    { landspout: "ping" },
    { landspout: "ping", id: -1 },
    { landspout: "ping", id: 1.5 },
    { landspout: "ping", id: Number.NaN },
    { landspout: "askStats", id: "1" },
    { landspout: "stop" },
    { landspout: "stop", graceMs: -1, isRestart: true },
    { landspout: "stop", graceMs: 1, isRestart: 1 },
    { landspout: "pong", id: null },
    { landspout: "stats", stats: {} },
    Object.create({ landspout: "hello" }),
  ]) {
    assert.is(parentMessage(value), null);
    assert.is(workerMessage(value), null);
  }
});

messages.run();

const identity = suite("what a worker is told of itself");

identity("is taken as its parent has written it", () => {
  const told = { task: 1, tasks: 2, parentPid: 3, keys: ["127.0.0.1:80 #0"] };
  assert.equal(parseIdentity(JSON.stringify(told)), told);
});

identity("is refused if somebody else has", () => {
  for (const text of [
    "",
    "1",
    "null",
    "{",
    "[]",
    '{"task":0}',
    '{"task":2,"tasks":2,"parentPid":1,"keys":[]}',
    '{"task":-1,"tasks":2,"parentPid":1,"keys":[]}',
    '{"task":0.5,"tasks":2,"parentPid":1,"keys":[]}',
    '{"task":0,"tasks":2,"parentPid":"1","keys":[]}',
    '{"task":0,"tasks":2,"parentPid":1,"keys":[1]}',
  ]) {
    assert.throws(
      () => parseIdentity(text),
      (error: { code?: string; message: string }) =>
        error.code === "ERR_STATE" && /only forkProcesses\(\) sets; unset it/.test(error.message),
    );
  }
});

identity.run();
