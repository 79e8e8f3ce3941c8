// How messages of a server get to a program: readMessage(), iteration, onMessage; and who waits for whom.
import * as assert from "uvu/assert";
import { deferred, until } from "../support/deferred.ts";
import { bare } from "../support/frames.ts";
import { rawServer, stopRawServers } from "../support/rawwebsockets.ts";
import { logged, loggedErrors, serverSuite } from "../support/servers.ts";
import { endConnections, connect as websocketConnect } from "../support/websocketclients.ts";
import { ended, finish, start, Told } from "./websocketclienttools.ts";

const t = serverSuite("reading from a WebSocket");
t.after.each(endConnections);

t("gives messages to onMessage, the next when the promise of the last has settled", async () => {
  const { url } = await start();
  const seen: string[] = [];
  let atWork = 0;
  const done = deferred();
  const connection = await websocketConnect(url("/echo"), {
    async onMessage(message) {
      assert.is(++atWork, 1);
      await new Promise((resolve) => setImmediate(resolve));
      atWork--;
      seen.push(String(message));
      if (seen.length === 50) done.resolve();
    },
  });
  for (let n = 0; n < 50; n++) void connection.writeMessage(`message ${n}`);
  await done.promise;
  assert.equal(
    seen,
    Array.from({ length: 50 }, (_, n) => `message ${n}`),
  );
  assert.throws(
    () => connection.readMessage(),
    ({ code }: { code: string }) => code === "ERR_STATE",
  );
  await finish(connection);
});

t("closes with 1011 when onMessage throws or rejects, and logs it", async () => {
  const { url } = await start();
  for (const onMessage of [
    () => {
      throw new Error("in onMessage");
    },
    async () => Promise.reject(new Error("in onMessage")),
  ]) {
    const connection = await websocketConnect(url("/told"), { onMessage });
    ended.length = 0;
    void connection.writeMessage("who");
    await connection.closed;
    await until(() => ended.length === 1, "onClose of the server");
    assert.equal(ended, [{ code: 1011, reason: null }]);
  }
  assert.is(loggedErrors().filter(({ message }) => message.includes("websocketConnect")).length, 2);
});

t("iterates over messages until the end, and goes on after a loop that was left", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/echo"));
  for (const message of ["a", "b", "c"]) void connection.writeMessage(message);
  const seen: unknown[] = [];
  for await (const message of connection) {
    seen.push(message);
    if (message === "b") break;
  }
  for await (const message of connection) {
    seen.push(message);
    connection.close();
  }
  assert.equal(seen, ["a", "b", "c"]);
  assert.is(await connection.readMessage(), null);
});

t("answers pings and sees the end though nobody reads messages", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/told"));
  void connection.writeMessage("who");
  await until(() => connection.unreadBytes > 0, "an unread message");
  void connection.writeMessage("close");
  await connection.closed;
  assert.is(connection.closeCode, 4001);
  assert.match(String(await connection.readMessage()), /told/);
  assert.is(await connection.readMessage(), null);
});

for (const [what, last] of [
  ["a close frame", bare(0x88, Buffer.from("03e8", "hex"))],
  ["a frame that breaks a rule", bare(0x83)],
] as const) {
  t(`has what a reader waits for answered before ${what} that comes with it`, async () => {
    const server = await rawServer((peer) => {
      peer.send(peer.switching());
      const texts = ["a", "b", "c"].map((text) => bare(0x81, text));
      peer.send(Buffer.concat([...texts, last]));
    });
    const connection = await websocketConnect(server.url);
    void (async () => {
      for await (const message of connection) await connection.writeMessage(`${message}!`);
    })();
    const { heard, socket } = await server.peer();
    await until(() => heard.length === 4, "a close frame");
    assert.equal(heard.slice(0, 3), ['text "a!"', 'text "b!"', 'text "c!"']);
    assert.match(heard[3] ?? "", /^close /);
    socket.end();
    await connection.closed;
    await stopRawServers();
  });
}

t("reads on for pings though a reader has not come back", async () => {
  const server = await rawServer((peer) => peer.send(peer.switching()));
  const connection = await websocketConnect(server.url);
  const peer = await server.peer();
  const reading = connection.readMessage();
  peer.send(Buffer.concat([bare(0x81, "a"), bare(0x81, "b"), bare(0x89, "p")]));
  assert.is(await reading, "a");
  await peer.hears("pong 70");
  const both = [connection.readMessage(), connection.readMessage()];
  peer.send(Buffer.concat([bare(0x81, "c"), bare(0x88, Buffer.from("03e8", "hex"))]));
  assert.equal(await Promise.all(both), ["b", "c"]);
  assert.is(await connection.readMessage(), null);
  peer.socket.end();
  await connection.closed;
  await stopRawServers();
});

t("lets the server wait when nobody reads, and reads on when somebody does", async () => {
  const { url } = await start();
  const maxUnreadBytes = 100_000;
  const connection = await websocketConnect(url("/told"), { maxUnreadBytes });
  await until(() => Told.last !== null && !Told.last.isClosing, "the handler");
  const handler = Told.last;
  assert.ok(handler !== null);
  const count = 3_000;
  const bytes = 10_000;
  void (async () => {
    for (let n = 0; n < count; n++) await handler.writeMessage(Buffer.alloc(bytes, n));
  })().catch(() => {});
  await until(() => handler.bufferedBytes > 256 * 1024, "a server that waits");
  await until(() => connection.unreadBytes > maxUnreadBytes, "a client that has enough");
  assert.ok(connection.unreadBytes <= maxUnreadBytes + bytes + 64, `${connection.unreadBytes}`);
  for (let n = 0; n < count; n++) {
    const message = await connection.readMessage();
    assert.ok(Buffer.isBuffer(message) && message.length === bytes && message[0] === (n & 0xff));
  }
  assert.is(connection.unreadBytes, 0);
  await finish(connection);
});

t("can be closed while the server waits for it to read", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/told"), { maxUnreadBytes: 0 });
  const handler = Told.last;
  assert.ok(handler !== null);
  for (let n = 0; n < 100; n++) void handler.writeMessage(Buffer.alloc(50_000));
  await until(() => connection.unreadBytes > 0, "an unread message");
  await finish(connection);
  assert.is((await connection.readMessage())?.length, 50_000);
  assert.is(await connection.readMessage(), null);
});

t("closes with 1009 what is over maxMessageBytes, and takes what is not", async () => {
  const { url } = await start();
  const connection = await websocketConnect(url("/echo"), { maxMessageBytes: 1000 });
  for (const length of [999, 1000]) {
    void connection.writeMessage("x".repeat(length));
    assert.is((await connection.readMessage())?.length, length);
  }
  void connection.writeMessage("x".repeat(1001));
  assert.is(await connection.readMessage(), null);
  assert.ok(logged("info").some(({ message }) => message.includes("1009")));
});

t.run();
