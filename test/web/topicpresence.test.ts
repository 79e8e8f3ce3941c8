// Presence: who is in a topic; joins and leaves are told once each, however connections end.
import * as assert from "uvu/assert";
import { CodedError, type PresenceEvent } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite } from "../support/servers.ts";
import { endClients, Member, type TopicServer, topicServer } from "../support/topicclients.ts";

const t = serverSuite("presence");
t.after.each(endClients);

/** Every event of all topics, as a line. */
function told(app: TopicServer["app"], pattern = "**"): string[] {
  const lines: string[] = [];
  app.onPresence(pattern, ({ kind, topic, presence, count }: PresenceEvent) => {
    lines.push(`${kind} ${topic} ${JSON.stringify(presence)} ${count}`);
  });
  return lines;
}

t("shows who is there, in the order they joined", async () => {
  const { app, join } = await topicServer();
  const lines = told(app);
  const [ann, bob, eve] = [await join("ann"), await join("bob"), await join("eve")];
  ann.handler.subscribe("room/1", { presence: { name: "Ann" } });
  bob.handler.subscribe("room/1", { presence: { name: "Bob" } });
  eve.handler.subscribe("room/1");
  assert.equal(app.presence("room/1"), [{ name: "Ann" }, { name: "Bob" }]);
  assert.is(app.subscriberCount("room/1"), 3);
  assert.equal(app.presence("room/2"), []);
  assert.equal(app.presence("room/*"), []);
  ann.handler.unsubscribe("room/1");
  assert.equal(app.presence("room/1"), [{ name: "Bob" }]);
  eve.handler.subscribe("room/1", { presence: "Eve" });
  eve.handler.subscribe("room/1", { presence: "Eve, away" });
  eve.handler.subscribe("room/1");
  assert.equal(app.presence("room/1"), [{ name: "Bob" }, "Eve, away"]);
  assert.equal(lines, [
    'join room/1 {"name":"Ann"} 1',
    'join room/1 {"name":"Bob"} 2',
    'leave room/1 {"name":"Ann"} 1',
    'join room/1 "Eve" 2',
    'update room/1 "Eve, away" 2',
  ]);
});

t("tells a leave once, however the connection ends", async () => {
  const { app, join } = await topicServer({ websocketPingIntervalMs: 0 });
  const lines = told(app);
  const names = ["closes", "resets", "ends", "closed", "aborted", "throws"];
  const clients = await Promise.all(names.map((name) => join(name)));
  for (const [index, { handler }] of clients.entries()) {
    handler.subscribe("a", { presence: names[index] });
    handler.subscribe("b", { presence: names[index] });
    handler.subscribe("c");
  }
  lines.length = 0;
  const [closes, resets, ends, closed, aborted, throwing] = clients;
  throwing!.handler.onClose = () => {
    throw new Error("in onClose");
  };
  throwing!.handler.onMessage = () => {
    throw new Error("in onMessage");
  };
  closes!.close();
  resets!.socket.resetAndDestroy();
  ends!.socket.end();
  closed!.handler.close(1000);
  closed!.close();
  aborted!.socket.destroy();
  throwing!.socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
  await until(() => throwing!.closeCode === 1011, "close 1011");
  throwing!.socket.destroy();
  await until(() => lines.length >= 12, "twelve leaves");
  await turns(4);
  assert.is(lines.length, 12);
  for (const name of names) {
    for (const topic of ["a", "b"]) {
      assert.is(lines.filter((line) => line.startsWith(`leave ${topic} "${name}"`)).length, 1);
    }
  }
  assert.equal(app.topics(), []);
  assert.equal(app.presence("a"), []);
});

t("is one for several connections of a key", async () => {
  const { app, join } = await topicServer();
  const lines = told(app);
  const [tab1, tab2, bob] = [await join("tab1"), await join("tab2"), await join("bob")];
  tab1.handler.subscribe("a", { presence: "Ann", presenceKey: 7 });
  tab2.handler.subscribe("a", { presence: "Ann B.", presenceKey: 7 });
  bob.handler.subscribe("a", { presence: "Bob", presenceKey: "7" });
  assert.equal(app.presence("a"), ["Ann B.", "Bob"]);
  tab1.socket.destroy();
  await until(() => Member.ended.length === 1, "the first tab's end");
  assert.equal(app.presence("a"), ["Ann B.", "Bob"]);
  tab2.handler.unsubscribe("a");
  assert.equal(app.presence("a"), ["Bob"]);
  bob.handler.subscribe("a", { presence: "Robert", presenceKey: 8 });
  assert.equal(lines, [
    'join a "Ann" 1',
    'join a "Bob" 2',
    'leave a "Ann B." 1',
    'leave a "Bob" 0',
    'join a "Robert" 1',
  ]);
});

t("is told to listeners of the topic and of patterns, until they stop", async () => {
  const { app, join } = await topicServer();
  const exact = told(app, "room/1");
  const pattern = told(app, "room/*");
  let count = 0;
  const listener = () => count++;
  const stops = [app.onPresence("room/1", listener), app.onPresence("room/1", listener)];
  const ann = await join("ann");
  ann.handler.subscribe("room/1", { presence: 1 });
  assert.is(count, 2);
  stops[0]?.();
  stops[0]?.();
  ann.handler.subscribe("room/2", { presence: 2 });
  ann.handler.unsubscribe("room/1");
  assert.is(count, 3);
  stops[1]?.();
  ann.handler.subscribe("room/1", { presence: 1 });
  assert.is(count, 3);
  assert.equal(exact, ["join room/1 1 1", "leave room/1 1 0", "join room/1 1 1"]);
  assert.is(pattern.length, 4);
});

t("may be published: who joins hears of it, who has left does not", async () => {
  const { app, join } = await topicServer();
  app.onPresence("room/*", ({ kind, topic, presence }) => {
    app.publish(topic, `${presence} ${kind}s`);
  });
  const [ann, bob] = [await join("ann"), await join("bob")];
  ann.handler.subscribe("room/1", { presence: "Ann" });
  bob.handler.subscribe("room/1", { presence: "Bob" });
  bob.handler.unsubscribe("room/1");
  await ann.gets("Bob leaves");
  assert.equal(ann.messages, ["Ann joins", "Bob joins", "Bob leaves"]);
  assert.equal(bob.messages, ["Bob joins"]);
});

t("keeps events in order when a listener changes what it is told of", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  app.onPresence("a", ({ kind }) => {
    if (kind === "join") ann.handler.unsubscribe("a");
  });
  app.onPresence("a", ({ presence }) => {
    if (presence === "old") throw new Error("of a listener");
    return Promise.reject(new Error("of an asynchronous listener"));
  });
  const lines = told(app);
  ann.handler.subscribe("a", { presence: "Ann" });
  assert.equal(lines, ['join a "Ann" 1', 'leave a "Ann" 0']);
  assert.equal(app.presence("a"), []);
  assert.equal(app.topics(), []);
  await turns(2);
  assert.is(loggedErrors().length, 2);
  // A change of key whose leave ends the subscription: nobody joins.
  const bob = await join("bob");
  const stop = app.onPresence("b", ({ kind }) => {
    if (kind === "leave") bob.handler.unsubscribe("b");
  });
  bob.handler.subscribe("b", { presence: 1, presenceKey: 1 });
  bob.handler.subscribe("b", { presence: 2, presenceKey: 2 });
  assert.equal(app.presence("b"), []);
  assert.equal(app.topics(), []);
  stop();
});

t("refuses patterns, and listeners that are none", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  const isCode = (code: string) => (error: unknown) =>
    error instanceof CodedError && error.code === code;
  assert.throws(
    () => ann.handler.subscribe("a/*", { presence: "Ann" }),
    isCode("ERR_ARGUMENT_RANGE"),
  );
  assert.throws(() => app.onPresence("a/*", "x" as never), isCode("ERR_ARGUMENT_TYPE"));
  assert.throws(() => app.onPresence("a**", () => {}), isCode("ERR_TOPIC_NAME"));
  assert.equal(ann.handler.topics, []);
});

t.run();
