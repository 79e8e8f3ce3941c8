/** MessageQueue: each policy at its bounds, order, keys, and that nothing is kept of what has left. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MESSAGE_BYTES, MessageQueue, type QueuedMessage } from "../../lib/server/messagequeue.ts";
import type { QueuePolicy } from "../../lib/server/websocketoptions.ts";

/** A queue under a policy, and what its messages are told. */
function queueOf(policy: QueuePolicy, maxBytes: number) {
  const queue = new MessageQueue();
  const told: string[] = [];
  return {
    queue,
    told,
    add(payload: string, key?: unknown): boolean {
      const message: QueuedMessage = {
        first: 0x81,
        payload,
        bytes: payload.length,
        key,
        resolve: () => told.push(`${payload} settled`),
        reject: (error) =>
          told.push(`${payload} ${(error as { code?: string }).code ?? error.message}`),
      };
      return queue.add(message, policy, maxBytes);
    },
    rest: () => {
      const rest: unknown[] = [];
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        rest.push(next.payload);
      return rest;
    },
  };
}

const COST = MESSAGE_BYTES + 1;
const t = suite("a queue of messages");

t("keeps order and count, however often it is filled and emptied", () => {
  const { queue, add } = queueOf("wait", 1 << 30);
  let shifted = 0;
  for (let i = 0; i < 10_000; i++) {
    add(String(i));
    if (i % 3 === 0) assert.is(queue.shift()?.payload, String(shifted++));
  }
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    assert.is(next.payload, String(shifted++));
  }
  assert.is(shifted, 10_000);
  assert.is(queue.bytes, 0);
  assert.ok(queue.isEmpty);
});

t("refuses what it has no room for, under wait", () => {
  const { add, told, rest, queue } = queueOf("wait", 2 * COST);
  assert.ok(add("a"));
  assert.ok(add("b"));
  assert.is(queue.bytes, 2 * COST);
  assert.ok(add("c"));
  assert.equal(told, ["c ERR_WEBSOCKET_QUEUE_FULL"]);
  assert.equal(rest(), ["a", "b"]);
});

t("says that the connection is to be closed, under close", () => {
  const { add, told } = queueOf("close", COST);
  assert.ok(add("a"));
  assert.not.ok(add("b"));
  assert.equal(told, ["b ERR_WEBSOCKET_QUEUE_FULL"]);
});

t("has the oldest make room, under dropOldest, but not for what never fits", () => {
  const { add, told, rest } = queueOf("dropOldest", 2 * COST);
  for (const each of ["a", "b", "c"]) assert.ok(add(each));
  add("x".repeat(200));
  assert.equal(told, ["a settled", `${"x".repeat(200)} ERR_WEBSOCKET_QUEUE_FULL`]);
  assert.equal(rest(), ["b", "c"]);
});

t("replaces by key, under coalesce, at its place, within its bounds", () => {
  const { add, told, rest, queue } = queueOf("coalesce", 3 * COST + 1);
  add("1", "k");
  add("2");
  queue.shift();
  add("3", "k");
  add("4", "j");
  add("55", "k");
  assert.equal(told, ["3 settled"]);
  add("666", "k");
  assert.equal(told.slice(1), ["666 ERR_WEBSOCKET_QUEUE_FULL"]);
  assert.is(queue.bytes, 3 * COST + 1);
  assert.equal(rest(), ["2", "55", "4"]);
  add("7", "k");
  assert.equal(rest(), ["7"]);
});

t("keeps keys apart though the front is cut off again and again", () => {
  const { add, queue } = queueOf("coalesce", 1 << 30);
  for (let i = 0; i < 1000; i++) {
    for (let key = 0; key < 5; key++) add(`${i} ${key}`, key);
    const next = queue.shift();
    assert.is(next?.payload, `${i} ${next?.key}`);
  }
  assert.is(queue.bytes, 4 * MESSAGE_BYTES + [1, 2, 3, 4].length * "999 0".length);
});

t("does not look at keys under other policies", () => {
  const { add, rest } = queueOf("wait", 1 << 30);
  add("1", "k");
  add("2", "k");
  assert.equal(rest(), ["1", "2"]);
});

t("refuses all that is left when it is cleared", () => {
  const { queue, add, told } = queueOf("wait", 1 << 30);
  add("a");
  add("b");
  queue.clear(new Error("gone"));
  assert.equal(told, ["a gone", "b gone"]);
  assert.ok(queue.isEmpty);
});

t.run();
