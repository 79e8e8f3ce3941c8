// Histories: a client that comes back is sent what it has missed, before anything newer, and is told if some is lost.
import * as assert from "uvu/assert";
import { CodedError, IOLoop } from "../../lib/index.ts";
import { turns } from "../support/rawclient.ts";
import { serverSuite } from "../support/servers.ts";
import { endClients, type TopicServer, topicServer } from "../support/topicclients.ts";

const t = serverSuite("the history of a topic");
t.after.each(endClients);

/** Publishes messages that say their number. @returns their ids */
function publish(app: TopicServer["app"], topic: string, from: number, to: number): string[] {
  const ids: string[] = [];
  for (let n = from; n <= to; n++) {
    app.publish(topic, (id) => {
      ids.push(id);
      return `${topic} ${n}`;
    });
  }
  return ids;
}

const lines = (topic: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${topic} ${from + i}`);

t("is sent from an id on, in order, before what is newer", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 10 });
  const ids = publish(app, "a", 1, 8);
  const ann = await join("ann");
  const result = ann.handler.subscribe("a", { since: ids[4] });
  assert.equal(result, { replayed: 3, isComplete: true, lastId: ids[7] });
  publish(app, "a", 9, 9);
  await ann.getsCount(4);
  assert.equal(ann.messages, lines("a", 6, 9));
  const bob = await join("bob");
  assert.equal(bob.handler.subscribe("a").replayed, 0);
  assert.equal(bob.handler.subscribe("a", { since: "" }).replayed, 0);
  assert.equal(bob.handler.subscribe("a", { since: null }).isComplete, true);
  publish(app, "a", 10, 10);
  await bob.getsCount(1);
  assert.equal(bob.messages, ["a 10"]);
});

t("tells at its bound whether some are lost", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 5 });
  const ids = publish(app, "a", 1, 10);
  const cases: readonly [since: number, replayed: number, isComplete: boolean][] = [
    [10, 0, true],
    [9, 1, true],
    [6, 4, true],
    [5, 5, true],
    [4, 5, false],
    [1, 5, false],
  ];
  for (const [since, replayed, isComplete] of cases) {
    const client = await join(`since${since}`);
    const result = client.handler.subscribe("a", { since: ids[since - 1] });
    assert.equal(result, { replayed, isComplete, lastId: ids[9] }, `since ${since}`);
    await client.getsCount(replayed);
    assert.equal(client.messages, lines("a", 11 - replayed, 10));
  }
});

t("is sent whole, as incomplete, to who comes with an id that is none", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 5 });
  const ids = publish(app, "a", 1, 3);
  const [origin = ""] = (ids[0] ?? "").split("-");
  const bad = [
    `${origin}-4`,
    `${origin}--1`,
    `${origin}-01`,
    `${origin}-`,
    `${origin}-x.`,
    "0",
    "zz-1",
  ];
  for (const [index, since] of [...bad, "x".repeat(100_000), 7, {}].entries()) {
    const client = await join(`c${index}`);
    const result = client.handler.subscribe("a", { since: since as string });
    assert.equal(result, { replayed: 3, isComplete: false, lastId: ids[2] }, String(since));
    await client.getsCount(3);
  }
});

t("is bounded in bytes and in age", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("bytes", { messages: 100, maxBytes: 4 * 102 });
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) {
    app.publish("bytes", (id) => {
      ids.push(id);
      return `${n}`.padEnd(100, ".");
    });
  }
  const ann = await join("ann");
  assert.is(ann.handler.subscribe("bytes", { since: ids[1] }).isComplete, true);
  assert.is(ann.handler.subscribe("bytes", { since: ids[1] }).replayed, 4);
  assert.is(ann.handler.subscribe("bytes", { since: ids[0] }).isComplete, false);
  app.publish("bytes", "x".repeat(1_000));
  assert.equal(ann.handler.subscribe("bytes", { last: 100 }).replayed, 0, "too large to be kept");

  app.keepHistory("age", { maxAgeMs: 60_000 });
  const { clock } = IOLoop.current();
  const old = publish(app, "age", 1, 2);
  clock.advance(30_000);
  publish(app, "age", 3, 3);
  const bob = await join("bob");
  assert.equal(bob.handler.subscribe("age", { since: old[1] }).replayed, 1);
  clock.advance(30_000);
  const later = bob.handler.subscribe("age", { since: old[0] });
  assert.is(later.replayed, 1);
  assert.is(later.isComplete, false);
  assert.is(bob.handler.subscribe("age", { since: old[1] }).isComplete, true);
});

t("gives newcomers the last ones, if they ask", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 5 });
  const ann = await join("ann");
  assert.equal(ann.handler.subscribe("a", { last: 3 }).replayed, 0);
  const ids = publish(app, "a", 1, 7);
  const bob = await join("bob");
  assert.equal(bob.handler.subscribe("a", { last: 3 }), {
    replayed: 3,
    isComplete: true,
    lastId: ids[6],
  });
  await bob.getsCount(3);
  assert.equal(bob.messages, lines("a", 5, 7));
  const eve = await join("eve");
  assert.is(eve.handler.subscribe("a", { last: 50 }).replayed, 5);
  assert.is(eve.handler.subscribe("a", { last: Number.NaN }).replayed, 0);
  assert.is(eve.handler.subscribe("a", { last: -1 }).replayed, 0);
});

t("does not keep what is not to be retained, nor other topics", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("room/*", {});
  app.keepHistory("room/2", null);
  const ids = publish(app, "room/1", 1, 2);
  app.publish("room/1", "typing", { retain: false });
  app.publish("hall/1", "not kept");
  publish(app, "room/1", 3, 3);
  const ann = await join("ann");
  const result = ann.handler.subscribe("room/1", { since: ids[0] });
  assert.equal([result.replayed, result.isComplete], [2, true]);
  await ann.getsCount(2);
  assert.equal(ann.messages, lines("room/1", 2, 3));
  // Where nothing is kept, it is complete only if nothing at all has been published.
  assert.is(ann.handler.subscribe("hall/1", { since: ids[0] }).isComplete, false);
  assert.is(ann.handler.subscribe("hall/1", { since: result.lastId }).isComplete, true);
});

t("follows the most particular rule, and may be changed or ended", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("room/**", { messages: 5 });
  app.keepHistory("room/*", { messages: 4 });
  app.keepHistory("room/1", { messages: 3 });
  publish(app, "room/1", 1, 9);
  publish(app, "room/2", 1, 9);
  publish(app, "room/2/x", 1, 9);
  const ann = await join("ann");
  const count = (topic: string) => ann.handler.subscribe(topic, { last: 100 }).replayed;
  assert.equal([count("room/1"), count("room/2"), count("room/2/x")], [3, 4, 5]);
  app.keepHistory("room/1", { messages: 2 });
  assert.is(count("room/1"), 2);
  app.keepHistory("room/1", null);
  assert.is(count("room/1"), 0);
  for (const bad of [{ message: 1 }, { messages: 0 }, { maxBytes: "1" }, { maxAgeMs: 0 }]) {
    assert.throws(
      () => app.keepHistory("a", bad as never),
      (error: unknown) => error instanceof CodedError,
    );
  }
  assert.throws(() => app.keepHistory("a//b", {}), /allowed/);
});

t("is kept for a bounded number of topics, the longest silent forgotten first", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("room/*", { maxTopics: 2 });
  const [first] = publish(app, "room/1", 1, 1);
  const [second] = publish(app, "room/2", 1, 1);
  publish(app, "room/1", 2, 2);
  const [third] = publish(app, "room/3", 1, 1);
  const ann = await join("ann");
  const since = (topic: string, id: string | undefined) => {
    const { replayed, isComplete } = ann.handler.subscribe(topic, { since: id });
    return [replayed, isComplete];
  };
  assert.equal(since("room/1", first), [1, true]);
  assert.equal(since("room/2", first), [0, false], "its history is gone");
  assert.equal(since("room/2", second), [0, true], "it has missed nothing");
  assert.equal(since("room/3", second), [1, true]);
  publish(app, "room/2", 2, 2);
  assert.equal(since("room/2", first), [1, false]);
  assert.equal(since("room/2", third), [1, true]);
});

t("of all topics of a pattern is sent in the order of publication", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("room/*", { messages: 3 });
  app.keepHistory("room/2", { messages: 2 });
  const ids: string[] = [];
  for (let n = 1; n <= 3; n++)
    for (const r of [1, 2, 3]) ids.push(...publish(app, `room/${r}`, n, n));
  publish(app, "hall/1", 1, 1);
  const ann = await join("ann");
  const result = ann.handler.subscribe("room/*", { since: ids[3] });
  assert.equal([result.replayed, result.isComplete], [5, true]);
  publish(app, "room/9", 1, 1);
  await ann.getsCount(6);
  assert.equal(ann.messages, [
    "room/2 2",
    "room/3 2",
    "room/1 3",
    "room/2 3",
    "room/3 3",
    "room/9 1",
  ]);
  assert.is(ann.handler.subscribe("room/**", { since: ids[0] }).isComplete, false);
});

t("is sent between live messages without a gap, a double or a swap", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 50 });
  const [ann, bob] = [await join("ann"), await join("bob")];
  ann.handler.subscribe("a");
  let last = ann.handler.subscribe("a").lastId;
  let n = 0;
  for (let round = 0; round < 60; round++) {
    last = bob.handler.subscribe("a", { since: last }).lastId;
    for (let i = 0; i < round % 4; i++) last = publish(app, "a", ++n, n)[0] ?? last;
    if (round % 3 === 0) void ann.handler.writeMessage("own");
    bob.handler.unsubscribe("a");
    for (let i = 0; i < round % 5; i++) publish(app, "a", ++n, n);
    if (round % 7 === 0) await turns(1);
  }
  bob.handler.subscribe("a", { since: last });
  await bob.getsCount(n);
  assert.equal(bob.messages, lines("a", 1, n));
  await ann.getsCount(n + 20);
  assert.equal(
    ann.messages.filter((message) => message !== "own"),
    lines("a", 1, n),
  );
});

t("has large messages, too", async () => {
  const { app, join } = await topicServer();
  app.keepHistory("a", { messages: 3 });
  const texts = ["x".repeat(100_000), "y".repeat(30_000), "z".repeat(200_000)];
  for (const text of texts) app.publish("a", text);
  const clients = await Promise.all(["ann", "bob", "eve"].map((name) => join(name)));
  for (const { handler } of clients) handler.subscribe("a", { last: 3 });
  for (const client of clients) {
    await client.getsCount(3);
    assert.ok(client.messages.every((message, index) => message === texts[index]));
  }
});

t.run();
