// Topics: publishing to many, and matching names with patterns. `node bench/micro/topics.bench.mjs`; needs a build.
// The receivers are connections over an outbox whose flush empties the ring: what is timed is JavaScript's share.

import { resolve } from "../../dist/lib/base/options.js";
import { COMMAND_WORDS, CONTROL_COMMANDS } from "../../dist/lib/native/addon.js";
import { Outbox } from "../../dist/lib/native/outbox.js";
import { TopicIndex } from "../../dist/lib/websocket/topics.js";
import { WebSocketConnection } from "../../dist/lib/server/websocketconnection.js";
import { WebSocketHub } from "../../dist/lib/server/websockethub.js";
import { webSocketOptions } from "../../dist/lib/server/websocketoptions.js";
import { run } from "./harness.mjs";

const receivers = 10_000;
const control = new Int32Array(16);
const outboxRing = new Int32Array(16 * 1024 * COMMAND_WORDS);
let flushed = 0;
const poller = {
  outboxRing,
  control,
  outboxArena: Buffer.from(new ArrayBuffer(1024 * 1024)),
  flush() {
    flushed += control[CONTROL_COMMANDS];
    control[CONTROL_COMMANDS] = 0;
  },
};
const outbox = new Outbox(poller, []);
const loop = {
  outbox,
  pendingBytes: new Int32Array(receivers * 2),
  generations: new Int32Array(receivers * 2).fill(1),
  clock: { turnMs: 0 },
};
const profile = {
  loop,
  frames: outbox,
  server: null,
  options: resolve("bench", webSocketOptions, {}),
  expectsMask: true,
  onEnded() {},
  onListenerError() {},
};
const listener = { onMessage() {}, onPing() {}, onPong() {} };
const hub = new WebSocketHub(
  { maxTopics: 1_000, maxTopicLength: 256, maxPatterns: 10_000 },
  () => 0,
);
const connections = [];
for (let slot = 0; slot < receivers; slot++) {
  const connection = new WebSocketConnection(profile, { ...listener }, slot, 1);
  connections.push(connection);
  hub.subscribe(connection, "room/1");
}

const content = { payload: "x".repeat(100), isBinary: false };

/** Publications of one turn, then its flush. */
function turn(publications, topic, options) {
  for (let i = 0; i < publications; i++) hub.publish(topic, content, options);
  outbox.flush();
  return flushed;
}

const each = (name, publications, topic, options) =>
  run(`${name}, per receiver`, () => turn(publications, topic, options), {
    operations: receivers * publications,
  });

each("publish 100 B to 10,000", 1, "room/1");
each("publish 100 B to 10,000, ten in a turn", 10, "room/1");
each("publish 100 B to 10,000 but one", 1, "room/1", { except: connections[5].listener });
each("publish 100 B to 10,000 but two", 1, "room/1", {
  except: new Set([connections[5].listener, connections[6].listener]),
});
for (const connection of connections) hub.subscribe(connection, "room/*");
each("publish 100 B to 10,000 in a topic and a pattern", 1, "room/1");
for (const connection of connections) hub.unsubscribe(connection, "room/*");

run("publish 100 B to nobody", () => hub.publish("room/2", content));
run("subscribe and unsubscribe, a second topic", () => {
  hub.subscribe(connections[7], "room/3");
  hub.unsubscribe(connections[7], "room/3");
});

const index = new TopicIndex();
for (let i = 0; i < 1_000; i++) index.set(`room/${i}/*`, i);
index.set("**", -1);
index.set("room/*/typing", -2);
run("match a name with 1,002 patterns, known", () => index.match("room/500/typing"));
let turnOf = 0;
const names = Array.from({ length: 10_000 }, (_, i) => `room/${i % 1_000}/n${i}`);
run("match a name with 1,002 patterns, not known", () => {
  turnOf = (turnOf + 1) % names.length;
  return index.match(names[turnOf]);
});
