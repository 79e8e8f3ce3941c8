// Topics over real sockets: who gets what, in which order, and what is refused.
import * as assert from "uvu/assert";
import { CodedError, RequestHandler } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { RawClient, turns } from "../support/rawclient.ts";
import { logged, loggedErrors, serverSuite } from "../support/servers.ts";
import { endClients, Member, type TopicClient, topicServer } from "../support/topicclients.ts";

function refuses(call: () => unknown, code: string, says = /./): void {
  assert.throws(
    call,
    (error: unknown) =>
      error instanceof CodedError && error.code === code && says.test(error.message),
  );
}

const t = serverSuite("topics");
t.after.each(endClients);

t("deliver to those who are subscribed, and count them", async () => {
  const { app, join } = await topicServer();
  const [ann, bob, eve] = [await join("ann"), await join("bob"), await join("eve")];
  ann.handler.subscribe("room/1");
  bob.handler.subscribe("room/1");
  eve.handler.subscribe("room/2");
  assert.is(app.subscriberCount("room/1"), 2);
  assert.is(app.subscriberCount("room/3"), 0);
  assert.equal(app.topics(), ["room/1", "room/2"]);
  assert.is(app.publish("room/1", "hello"), 2);
  assert.is(app.publish("room/3", "nobody"), 0);
  assert.is(app.publish("room/2", "end"), 1);
  app.publish("room/1", "end");
  for (const client of [ann, bob, eve]) await client.gets("end");
  assert.equal(ann.messages, ["hello", "end"]);
  assert.equal(bob.messages, ["hello", "end"]);
  assert.equal(eve.messages, ["end"]);
});

t("carry text, bytes and objects of every length", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  ann.handler.subscribe("a");
  const texts = [0, 1, 125, 126, 4_000, 32_760, 40_000, 65_536, 1_200_000].map((length) =>
    "é".repeat(length >> 1),
  );
  for (const text of texts) app.publish("a", text);
  app.publish("a", Buffer.from([1, 2, 255]));
  app.publish("a", Buffer.from("as text"), { binary: false });
  app.publish("a", "as bytes", { binary: true });
  app.publish("a", { n: 1, text: "ü" });
  await ann.getsCount(texts.length + 4);
  assert.ok(texts.every((text, index) => ann.messages[index] === text));
  assert.equal(ann.messages.slice(texts.length), [
    "<0102ff>",
    "as text",
    `<${Buffer.from("as bytes").toString("hex")}>`,
    '{"n":1,"text":"ü"}',
  ]);
});

t("leave out who is to be left out", async () => {
  const { app, join } = await topicServer();
  const clients = [await join("ann"), await join("bob"), await join("eve")];
  const [ann, bob, eve] = clients as [TopicClient, TopicClient, TopicClient];
  for (const { handler } of clients) handler.subscribe("a");
  assert.is(ann.handler.publish("a", "of ann"), 2);
  assert.is(ann.handler.publish("a", "of ann, not to bob", { except: bob.handler }), 1);
  const two = new Set([ann.handler, bob.handler]);
  assert.is(eve.handler.publish("a", "to nobody", { except: two }), 0);
  assert.is(app.publish("a", "not to eve", { except: eve.handler }), 2);
  assert.is(app.publish("a", "to eve", { except: two }), 1);
  app.publish("a", "end");
  for (const client of clients) await client.gets("end");
  assert.equal(ann.messages, ["not to eve", "end"]);
  assert.equal(bob.messages, ["of ann", "not to eve", "end"]);
  assert.equal(eve.messages, ["of ann", "of ann, not to bob", "to eve", "end"]);
});

t("reach the patterns that match, each connection once", async () => {
  const { app, join } = await topicServer();
  const [ann, bob, eve] = [await join("ann"), await join("bob"), await join("eve")];
  ann.handler.subscribe("room/*");
  for (const topic of ["room/**", "room/1", "room/*", "**"]) bob.handler.subscribe(topic);
  eve.handler.subscribe("room/1");
  assert.is(app.publish("room/1", "one"), 3);
  assert.is(app.publish("room/1/x", "deep"), 1);
  assert.is(app.publish("room", "none of a room"), 1);
  assert.is(app.subscriberCount("room/*"), 2);
  assert.is(app.subscriberCount("room/1"), 2);
  assert.equal(app.topics().sort(), ["**", "room/*", "room/**", "room/1"]);
  assert.ok(bob.handler.unsubscribe("**"));
  assert.ok(bob.handler.unsubscribe("room/*"));
  assert.is(app.publish("room/2", "two"), 2);
  ann.handler.unsubscribe("room/*");
  assert.is(app.publish("room/2", "three"), 1);
  assert.is(app.publish("room/1", "end", { except: ann.handler }), 2);
  await bob.gets("end");
  await eve.gets("end");
  assert.equal(bob.messages, ["one", "deep", "none of a room", "two", "three", "end"]);
  assert.equal(ann.messages, ["one", "two"]);
  assert.equal(eve.messages, ["one", "end"]);
});

t("keep the order of messages, also with those of the handler itself", async () => {
  const { app, join } = await topicServer();
  const clients = [await join("ann"), await join("bob"), await join("eve")];
  const wanted: string[][] = clients.map(() => []);
  for (const { handler } of clients) handler.subscribe("a");
  for (let i = 0; i < 2_000; i++) {
    const which = i % 7;
    if (which < 3) {
      void clients[which]!.handler.writeMessage(`own ${i}`);
      wanted[which]!.push(`own ${i}`);
    }
    app.publish("a", `all ${i}`);
    for (const list of wanted) list.push(`all ${i}`);
    if (i % 501 === 0) await turns(1);
  }
  for (const [index, client] of clients.entries()) {
    await client.getsCount(wanted[index]!.length);
    assert.equal(client.messages, wanted[index]);
  }
});

t("are subscribed to once, whatever is said twice, and left when that is said", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  const { handler } = ann;
  assert.equal(handler.topics, []);
  handler.subscribe("a");
  handler.subscribe("a");
  assert.is(app.publish("a", "one"), 1);
  handler.subscribe("b");
  handler.subscribe("c/*");
  assert.equal(handler.topics, ["a", "b", "c/*"]);
  assert.is(handler.unsubscribe("a"), true);
  assert.is(handler.unsubscribe("a"), false);
  assert.is(handler.unsubscribe("x"), false);
  assert.is(handler.unsubscribe("c/1"), false);
  assert.is(app.publish("a", "two"), 0);
  assert.is(handler.unsubscribe("b"), true);
  assert.equal(handler.topics, ["c/*"]);
  assert.is(handler.unsubscribe("c/*"), true);
  assert.equal(handler.topics, []);
  assert.equal(app.topics(), []);
  handler.subscribe("a");
  assert.is(app.publish("a", "three"), 1);
  await ann.gets("three");
  assert.equal(ann.messages, ["one", "three"]);
});

t("are left when the connection ends, however it does", async () => {
  const { app, join } = await topicServer();
  const clients = [await join("ann"), await join("bob"), await join("eve"), await join("joe")];
  for (const { handler } of clients) {
    handler.subscribe("a");
    handler.subscribe("b/*");
  }
  const [ann, bob, eve, joe] = clients as [TopicClient, TopicClient, TopicClient, TopicClient];
  ann.close();
  bob.socket.resetAndDestroy();
  eve.socket.end();
  joe.handler.close(1000);
  assert.is(app.publish("a", "not to joe, who is told to go"), 3);
  assert.throws(() => joe.handler.subscribe("c"), /closed or closing/);
  joe.close();
  await until(() => Member.ended.length === 4, "four ends");
  assert.equal(app.topics(), []);
  assert.is(app.publish("a", "nobody"), 0);
  refuses(() => ann.handler.subscribe("a"), "ERR_WEBSOCKET_CLOSED");
  assert.is(ann.handler.unsubscribe("a"), false);
  assert.equal(ann.handler.topics, []);
});

t("are published to from timers, other handlers, and onClose", async () => {
  class Post extends RequestHandler {
    override post() {
      const count = this.application.publish("a", this.request.body.toString());
      this.write(`${count}`);
    }
  }
  const { app, join, port } = await topicServer({}, {}, [["/post", Post]]);
  const [ann, bob] = [await join("ann"), await join("bob")];
  ann.handler.subscribe("a");
  bob.handler.subscribe("a");
  setTimeout(() => app.publish("a", "of a timer"), 1);
  await ann.gets("of a timer");
  const client = await RawClient.connect({ port });
  void client.send("POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nof a POST");
  assert.is((await client.readFinalResponse()).body.toString(), "2");
  client.destroy();
  await ann.gets("of a POST");
  bob.handler.onClose = () => {
    assert.equal(bob.handler.topics, []);
    assert.is(bob.handler.publish("a", "bob has left"), 1);
  };
  bob.socket.destroy();
  await ann.gets("bob has left");
  assert.equal(loggedErrors(), []);
});

t("take a function that makes the message of its id", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  ann.handler.subscribe("a");
  const ids: string[] = [];
  const make = (id: string) => {
    ids.push(id);
    return { id, text: "hi" };
  };
  assert.is(app.publish("a", make), 1);
  assert.is(app.publish("b", make), 0);
  assert.is(ann.handler.publish("a", make, { except: new Set() }), 0);
  await ann.getsCount(1);
  assert.is(new Set(ids).size, 3);
  assert.equal(ann.messages, [JSON.stringify({ id: ids[0], text: "hi" })]);
  // In it one may subscribe, who gets the message then; but not publish.
  const bob = await join("bob");
  const count = app.publish("a", () => {
    bob.handler.subscribe("a");
    refuses(() => app.publish("a", "inner"), "ERR_STATE");
    return "outer";
  });
  assert.is(count, 2);
  refuses(() => app.publish("a", () => [] as never), "ERR_HTTP_WRITE_TYPE");
  assert.is(app.publish("a", "after"), 2);
  await bob.gets("after");
  assert.equal(bob.messages, ["outer", "after"]);
});

t("refuse what is no topic, no message, and a handler that is not open", async () => {
  const { app, join } = await topicServer({ websocketMaxTopicLength: 6 });
  const ann = await join("ann");
  const { handler } = ann;
  refuses(() => handler.subscribe(""), "ERR_TOPIC_NAME");
  refuses(() => handler.subscribe("a//b"), "ERR_TOPIC_NAME");
  refuses(() => handler.subscribe("a*"), "ERR_TOPIC_NAME");
  refuses(() => handler.subscribe(7 as never), "ERR_TOPIC_NAME");
  handler.subscribe("123456");
  refuses(() => handler.subscribe("1234567"), "ERR_TOPIC_NAME", /at most 6 characters/);
  for (const topic of ["a/*", "**", "", "/", undefined as never]) {
    refuses(() => app.publish(topic, "x"), "ERR_TOPIC_NAME");
  }
  for (const message of [undefined, null, 7, [], true, Promise.resolve("x")]) {
    refuses(() => app.publish("a", message as never), "ERR_HTTP_WRITE_TYPE", /plain objects/);
  }
  assert.equal(handler.topics, ["123456"]);
  class Early extends Member {
    override prepare() {
      assert.is(this.unsubscribe("a"), false);
      assert.equal(this.topics, []);
      this.subscribe("a");
    }
  }
  const early = await topicServer({}, {}, [["/early", Early]]);
  const client = await early.connect();
  assert.is((await client.get("/early")).status, 500);
  assert.match(String(loggedErrors()[0]?.error), /subscribe\(\) before open\(\)/);
});

t("are bounded for a connection, and their patterns for all", async () => {
  const { app, join } = await topicServer({ websocketMaxTopics: 3, websocketMaxPatterns: 2 });
  const [ann, bob] = [await join("ann"), await join("bob")];
  for (const topic of ["a", "b", "c/*"]) ann.handler.subscribe(topic);
  refuses(() => ann.handler.subscribe("d"), "ERR_TOPIC_LIMIT", /websocketMaxTopics/);
  ann.handler.subscribe("a");
  ann.handler.unsubscribe("b");
  ann.handler.subscribe("d");
  bob.handler.subscribe("d/*");
  refuses(() => bob.handler.subscribe("e/*"), "ERR_TOPIC_LIMIT", /websocketMaxPatterns/);
  bob.handler.subscribe("c/*");
  bob.handler.unsubscribe("d/*");
  bob.handler.subscribe("e/*");
  assert.equal(app.topics().sort(), ["a", "c/*", "d", "e/*"]);
});

t("close what throws when it subscribes to too much, and nothing else", async () => {
  const { app, join } = await topicServer({ websocketMaxTopics: 1 });
  const [ann, bob] = [await join("ann"), await join("bob")];
  bob.handler.subscribe("a");
  ann.handler.onMessage = () => {
    ann.handler.subscribe("a");
    ann.handler.subscribe("b");
  };
  ann.socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]));
  await until(() => ann.closeCode === 1011, "close 1011");
  ann.socket.destroy();
  await until(() => Member.ended.length === 1, "the end");
  assert.is(app.subscriberCount("a"), 1);
  assert.is(logged("error").length, 1);
});

t("hold 2,000 subscribers, and lists that change all the time", async () => {
  const { app, join } = await topicServer();
  const clients: TopicClient[] = [];
  for (let i = 0; i < 2_000; i += 100) {
    const names = Array.from({ length: 100 }, (_, n) => `n${i + n}`);
    clients.push(...(await Promise.all(names.map((name) => join(name)))));
  }
  for (const { handler } of clients) handler.subscribe("all");
  for (let i = 0; i < 20; i++) assert.is(app.publish("all", `m${i}`), 2_000);
  // Every third leaves, in the same turn.
  const left = clients.filter((_, index) => index % 3 === 0);
  for (const { handler } of left) handler.unsubscribe("all");
  assert.is(app.publish("all", "of the rest"), 2_000 - left.length);
  for (const { handler } of left.slice(0, 100)) handler.subscribe("all");
  assert.is(app.publish("all", "end"), 2_100 - left.length);
  const first = Array.from({ length: 20 }, (_, i) => `m${i}`);
  for (const [index, client] of clients.entries()) {
    const isLeft = index % 3 === 0;
    const isBack = isLeft && index < 300;
    const wanted = [
      ...first,
      ...(isLeft ? [] : ["of the rest"]),
      ...(isLeft && !isBack ? [] : ["end"]),
    ];
    await client.getsCount(wanted.length);
    assert.equal(client.messages, wanted);
  }
});

t.run();
