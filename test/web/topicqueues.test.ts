// Topics and receivers that do not keep up, compressed messages, other processes, and memory.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as assert from "uvu/assert";
import type { QueuePolicy } from "../../lib/server/websocketoptions.ts";
import { type Backplane, type BackplaneMessage, CodedError } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite } from "../support/servers.ts";
import { endClients, Member, type TopicClient, topicServer } from "../support/topicclients.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const t = serverSuite("a topic's receivers");
t.after.each(endClients);

/** A hundred that read, and one that does not until it is told to; its kernel buffers are full. */
async function withSlowOne(queuePolicy: QueuePolicy) {
  const server = await topicServer(
    {},
    { queuePolicy, highWaterBytes: 1_024, maxQueuedBytes: 10_000 },
  );
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const others = await Promise.all(names.map((name) => server.join(name)));
  const slow = await server.join("slow");
  slow.socket.pause();
  // Before the topic's messages, so that all of those wait.
  void slow.handler.writeMessage(Buffer.alloc(16 << 20));
  await until(() => slow.handler.bufferedBytes > 1_024, "a full socket");
  for (const { handler } of [...others, slow]) handler.subscribe("a");
  const publish = (from: number, to: number, keys = 0): number[] => {
    const counts: number[] = [];
    for (let n = from; n < to; n++) {
      const key = keys > 0 ? n % keys : undefined;
      counts.push(server.app.publish("a", `${n}`.padEnd(1_000 - 64, "."), { key }));
    }
    return counts;
  };
  const reach = async (count: number) => {
    for (const other of others) {
      await other.getsCount(count);
      assert.equal(
        numbers(other.messages),
        Array.from({ length: count }, (_, i) => i),
      );
    }
  };
  return { ...server, others, slow, publish, reach };
}

const numbers = (messages: readonly string[]): number[] =>
  messages.map((text) => Number.parseInt(text, 10));

t("lose nothing while they fit into its queue, under any policy", async () => {
  for (const policy of ["wait", "dropOldest", "coalesce", "close"] as const) {
    const { slow, publish, reach } = await withSlowOne(policy);
    assert.equal(publish(0, 10), Array(10).fill(101));
    await reach(10);
    assert.is(slow.messages.length, 0);
    slow.socket.resume();
    await slow.getsCount(11);
    assert.equal(numbers(slow.messages.slice(1)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(publish(10, 12), [101, 101]);
    await slow.getsCount(13);
    endClients();
  }
});

for (const policy of ["wait", "close"] as const) {
  t(`are closed with 1013 under ${policy} when they do not, for they would not know`, async () => {
    const { app, slow, publish, reach } = await withSlowOne(policy);
    assert.equal(publish(0, 13), [...Array(10).fill(101), 100, 100, 100]);
    await reach(13);
    slow.socket.resume();
    await until(() => slow.closeCode === 1013, "close 1013");
    slow.socket.destroy();
    await until(() => Member.ended.includes("slow"), "its end");
    assert.is(app.subscriberCount("a"), 100);
    assert.equal(loggedErrors(), []);
  });
}

t("get the newest under dropOldest", async () => {
  const { slow, publish, reach } = await withSlowOne("dropOldest");
  assert.equal(publish(0, 25), Array(25).fill(101));
  await reach(25);
  slow.socket.resume();
  await slow.getsCount(11);
  assert.equal(numbers(slow.messages.slice(1)), [15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
});

t("get the newest of each key under coalesce", async () => {
  const { slow, publish, reach } = await withSlowOne("coalesce");
  assert.equal(publish(0, 50, 5), Array(50).fill(101));
  await reach(50);
  slow.socket.resume();
  await slow.getsCount(6);
  assert.equal(numbers(slow.messages.slice(1)), [45, 46, 47, 48, 49]);
});

t("that are over their queue are closed by a replay, too", async () => {
  const { app, slow, publish } = await withSlowOne("wait");
  slow.handler.unsubscribe("a");
  app.keepHistory("a", { messages: 20 });
  publish(0, 20);
  assert.throws(
    () => slow.handler.subscribe("a", { last: 20 }),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_WEBSOCKET_CLOSED",
  );
  assert.is(app.subscriberCount("a"), 100);
});

t("get what is compressed once for all, between messages of their own", async () => {
  const { app, join } = await topicServer({ websocketCompression: true });
  const offers = [
    "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n",
    "",
  ];
  const clients = await Promise.all(offers.map((offer, index) => join(`c${index}`, offer)));
  app.keepHistory("a", { messages: 10 });
  for (const { handler } of clients) handler.subscribe("a");
  const wanted: string[] = [];
  for (let n = 0; n < 30; n++) {
    const text = `${n} some text that is in the window of a takeover `.repeat(1 + (n % 4));
    for (const { handler } of clients) void handler.writeMessage(`own ${text}`);
    app.publish("a", text);
    app.publish("a", "short");
    wanted.push(`own ${text}`, text, "short");
  }
  for (const client of clients) {
    await client.getsCount(wanted.length);
    assert.equal(client.messages, wanted);
  }
  assert.equal(
    clients.map((client) => client.compressedCount),
    [60, 60, 60, 0],
  );
  // What is so long that it would keep the loop is sent as it is.
  const long = "some text ".repeat(40_000);
  app.publish("a", long);
  await clients[0]!.gets(long);
  assert.is(clients[0]!.compressedCount, 60);
  const late = await join("late", offers[0]);
  late.handler.subscribe("a", { last: 3 });
  await late.getsCount(3);
  assert.equal(late.messages, [wanted[88], "short", long]);
});

/** Backplanes of one process, joined. */
function joined(count: number): Backplane[] {
  const all: Backplane[] = [];
  for (let i = 0; i < count; i++) {
    const one: Backplane = {
      onMessage: null,
      publish(message: BackplaneMessage) {
        for (const other of all) if (other !== one) other.onMessage?.(message);
      },
    };
    all.push(one);
  }
  return all;
}

t("may be those of other processes, with the ids of the first", async () => {
  const servers = [await topicServer(), await topicServer()];
  const [here, there] = servers as [(typeof servers)[0], (typeof servers)[0]];
  const planes = joined(2);
  servers.forEach(({ app }, index) => {
    app.connectBackplane(planes[index] ?? null);
    app.keepHistory("a", {});
  });
  Member.byName.clear();
  const [ann, bob] = [await here.join("ann"), await there.join("bob")];
  ann.handler.subscribe("a");
  bob.handler.subscribe("*");
  const ids: string[] = [];
  const numbered = (text: string) => (id: string) => {
    ids.push(id);
    return text;
  };
  assert.is(here.app.publish("a", numbered("1")), 1);
  assert.is(there.app.publish("a", numbered("2")), 1);
  here.app.publish("a", numbered("3"));
  here.app.publish("a", Buffer.from([4]), { retain: false });
  for (const client of [ann, bob]) {
    await client.getsCount(4);
    assert.equal(client.messages, ["1", "2", "3", "<04>"]);
  }
  // It comes back to the other process.
  for (const [index, replayed] of [2, 1, 0].entries()) {
    const client = await there.join(`back${index}`);
    const result = client.handler.subscribe("a", { since: ids[index] });
    assert.equal([result.replayed, result.isComplete], [replayed, true]);
    const again = await here.join(`again${index}`);
    assert.equal(again.handler.subscribe("a", { since: ids[index] }).replayed, replayed);
  }
  here.app.connectBackplane(null);
  assert.is(planes[0]?.onMessage, null);
  here.app.publish("a", "alone");
  await ann.gets("alone");
  assert.is(bob.messages.length, 4);
});

t("get what is published here though a backplane fails", async () => {
  const { app, join } = await topicServer();
  const ann = await join("ann");
  ann.handler.subscribe("a");
  const plane: Backplane = {
    onMessage: null,
    publish({ topic }) {
      if (topic === "a") throw new Error("of a backplane");
      return Promise.reject(new Error("of an asynchronous backplane"));
    },
  };
  app.connectBackplane(plane);
  assert.is(app.publish("a", "one"), 1);
  assert.is(app.publish("b", "one"), 0);
  await ann.gets("one");
  await turns(2);
  assert.is(loggedErrors().length, 2);
  const bad = { topic: "a/*", payload: Buffer.from("x"), isBinary: false, id: "x-1", retain: true };
  assert.throws(() => plane.onMessage?.(bad), /topic/);
  assert.throws(
    () =>
      app.publish("a", () => {
        plane.onMessage?.({ ...bad, topic: "a" });
        return "x";
      }),
    /publish\(\) inside/,
  );
});

t("may be closed, and new ones subscribe, between two messages of a turn", async () => {
  const { app, join } = await topicServer();
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => join(`n${i}`)));
  const late = await join("late");
  for (const { handler } of clients) handler.subscribe("a");
  app.publish("a", "one");
  for (const { handler } of clients.slice(0, 10)) handler.close(4000);
  late.handler.subscribe("a");
  assert.is(app.publish("a", "two"), 11);
  for (const client of clients.slice(0, 10)) {
    await until(() => client.closeCode === 4000, "close 4000");
    assert.equal(client.messages, ["one"]);
  }
  for (const client of clients.slice(10)) {
    await client.getsCount(2);
    assert.equal(client.messages, ["one", "two"]);
  }
  await late.gets("two");
});

t("leave nothing behind: not connections, not topics, not patterns", async () => {
  const { app, join } = await topicServer();
  const cycle = async (count: number): Promise<void> => {
    const before = Member.ended.length;
    const clients: TopicClient[] = await Promise.all(
      Array.from({ length: count }, (_, i) => join(`n${i}`)),
    );
    for (const [index, { handler }] of clients.entries()) {
      for (let n = 0; n < 50; n++) {
        handler.subscribe(`own/${index}/${n}`, { presence: handler });
        handler.subscribe(`own/${index}/${n}/*`);
        if (n % 2 === 0) handler.unsubscribe(`own/${index}/${n}`);
        if (n % 3 === 0) handler.unsubscribe(`own/${index}/${n}/*`);
        app.publish(`own/${index}/${n}/x`, "x");
      }
      handler.subscribe("all", { presence: index });
    }
    app.publish("all", "end");
    for (const client of clients) client.socket.destroy();
    await until(() => Member.ended.length === before + count, "the ends");
  };
  const used = async (): Promise<number> => {
    await turns(4);
    collect();
    return process.memoryUsage().heapUsed;
  };
  for (let i = 0; i < 10; i++) await cycle(20);
  const before = await used();
  // 10,000 subscriptions of each kind, and as many ends.
  for (let i = 0; i < 10; i++) await cycle(20);
  assert.equal(app.topics(), []);
  assert.equal(app.presence("all"), []);
  const grown = (await used()) - before;
  assert.ok(grown < 1 << 20, `${grown} bytes more`);
});

t.run();
