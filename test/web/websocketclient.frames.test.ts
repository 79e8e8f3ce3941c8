// The client's frames on the wire, and what it does about a server's that are wrong.
import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as assert from "uvu/assert";
import { bare, masked } from "../websocket/collector.ts";
import { IOLoop, type WebSocketClientConnection } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { openSockets, type RawPeer, rawServer, stopRawServers } from "../support/rawwebsockets.ts";
import { loggedErrors, MINUTE_MS, serverSuite } from "../support/servers.ts";
import { connect, endConnections } from "../support/websocketclients.ts";

const TEXT = 0x81;
const BINARY = 0x82;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

const t = serverSuite("the frames of a WebSocket client");
t.after.each(endConnections);
t.after.each(stopRawServers);

type Options = Parameters<typeof connect>[1];

/** A connection, and the server's side of it. */
async function pair(
  options: Options = {},
  fields: Readonly<Record<string, string>> = {},
): Promise<[WebSocketClientConnection, RawPeer]> {
  const server = await rawServer((peer) => peer.send(peer.switching(fields)));
  const connection = await connect(server.url, options);
  return [connection, await server.peer()];
}

t("are all masked, with keys that do not repeat", async () => {
  const [connection, peer] = await pair();
  const count = 9_000;
  for (let n = 0; n < count; n++) void connection.writeMessage("abcd");
  connection.ping("p");
  connection.close();
  await peer.hears("close");
  assert.is(peer.heard.filter((line) => line === 'text "abcd"').length, count);
  const keys = new Set<number>();
  const bits = new Array<number>(32).fill(0);
  for (let n = 0; n < count; n++) {
    const at = n * 10;
    assert.is(peer.frames.readUInt16BE(at), 0x8184);
    const key = peer.frames.readUInt32BE(at + 2);
    keys.add(key);
    for (let bit = 0; bit < 32; bit++) bits[bit] = (bits[bit] ?? 0) + ((key >>> bit) & 1);
  }
  assert.ok(keys.size > count - 10, `${keys.size} different keys`);
  for (const ones of bits) assert.ok(Math.abs(ones - count / 2) < 600, `a bit is 1 ${ones} times`);
  assert.is(peer.frames.length, count * 10 + 7 + 6);
});

t("have the shortest length", async () => {
  const [connection, peer] = await pair();
  const heads: [number, string][] = [
    [125, "82fd"],
    [126, "82fe007e"],
    [65_535, "82feffff"],
    [65_536, "82ff0000000000010000"],
  ];
  let at = 0;
  for (const [length, head] of heads) {
    void connection.writeMessage(Buffer.alloc(length));
    const end = at + head.length / 2 + 4 + length;
    await until(() => peer.frames.length === end, `${length} bytes`);
    assert.is(peer.frames.toString("hex", at, at + head.length / 2), head);
    at = end;
  }
});

t("arrive behind the answer to the handshake, before and after its end", async () => {
  const server = await rawServer((peer) => {
    peer.send(
      Buffer.concat([
        Buffer.from(peer.switching(), "latin1"),
        bare(TEXT, "one"),
        bare(PING, "two"),
        bare(BINARY, Buffer.of(3)),
        bare(CLOSE, Buffer.from("0fa1", "hex")),
      ]),
    );
    peer.socket.end();
  });
  const pings: string[] = [];
  const connection = await connect(server.url, { onPing: (payload) => pings.push(`${payload}`) });
  assert.is(await connection.readMessage(), "one");
  assert.equal(await connection.readMessage(), Buffer.of(3));
  assert.is(await connection.readMessage(), null);
  assert.equal(pings, ["two"]);
  assert.is(connection.closeCode, 4001);
  await (await server.peer()).hears("pong 74776f");
});

t("are all delivered to a slow reader, though the server has closed", async () => {
  const count = 200;
  const server = await rawServer((peer) => {
    peer.send(peer.switching());
    for (let n = 0; n < count; n++) peer.send(bare(BINARY, Buffer.alloc(5_000, n)));
    peer.send(bare(CLOSE, Buffer.from("03e9", "hex")));
    peer.socket.end();
  });
  const connection = await connect(server.url, { maxUnreadBytes: 10_000 });
  await until(() => connection.unreadBytes > 10_000, "messages");
  IOLoop.current().clock.advance(60_000);
  for (let n = 0; n < count; n++) {
    const message = await connection.readMessage();
    assert.ok(Buffer.isBuffer(message) && message[0] === n && message.length === 5_000, `${n}`);
    if (n % 50 === 0) IOLoop.current().clock.advance(60_000);
  }
  assert.is(await connection.readMessage(), null);
  assert.is(connection.closeCode, 1001);
});

t("answer a ping with its payload", async () => {
  const [connection, peer] = await pair();
  peer.send(bare(PING, Buffer.alloc(125, 1)));
  await peer.hears(`pong ${"01".repeat(125)}`);
  peer.send(bare(PONG, "unasked"));
  peer.send(bare(TEXT, "hello"));
  assert.is(await connection.readMessage(), "hello");
});

t("that come in pieces are put together", async () => {
  const [connection, peer] = await pair();
  peer.send(Buffer.concat([bare(0x01, "he"), bare(PING, ""), bare(0x00, "l"), bare(0x80, "lo")]));
  assert.is(await connection.readMessage(), "hello");
});

const wrong: Readonly<Record<string, [Buffer, number]>> = {
  "is masked": [masked(TEXT, "x"), 1002],
  "is masked with zeroes": [masked(TEXT, "x", 0), 1002],
  "is a masked ping": [masked(PING, "x"), 1002],
  "is a masked close frame": [masked(CLOSE, ""), 1002],
  "has a reserved bit": [bare(0xa1, "x"), 1002],
  "claims to be compressed": [bare(0xc1, "x"), 1002],
  "has a reserved opcode": [bare(0x83, "x"), 1002],
  "is a ping of 126 bytes": [bare(PING, Buffer.alloc(126)), 1002],
  "is a fragmented ping": [bare(0x09, ""), 1002],
  "continues nothing": [bare(0x80, "x"), 1002],
  "begins a message within one": [Buffer.concat([bare(0x01, "x"), bare(TEXT, "x")]), 1002],
  "has a long length for a short one": [Buffer.from("817e0001", "hex"), 1002],
  "has a length of 2^63": [Buffer.from("827f8000000000000000", "hex"), 1002],
  "is larger than maxMessageBytes": [Buffer.from("827f0000000100000000", "hex"), 1009],
  "is text that is not UTF-8": [bare(TEXT, Buffer.from("ff", "hex")), 1007],
  "is part of a text that is not UTF-8": [bare(0x01, Buffer.from("c080", "hex")), 1007],
  "is a close frame of one byte": [bare(CLOSE, "x"), 1002],
  "has a close code that may not be sent": [bare(CLOSE, Buffer.from("03ed", "hex")), 1002],
  "has a close reason that is not UTF-8": [bare(CLOSE, Buffer.from("03e8ff", "hex")), 1007],
};

for (const [what, [bytes, code]] of Object.entries(wrong)) {
  t(`close with ${code} if the server's ${what}`, async () => {
    const [connection, peer] = await pair();
    peer.send(bare(TEXT, "before"));
    peer.send(bytes);
    peer.send(bare(TEXT, "after"));
    assert.is(await connection.readMessage(), "before");
    await until(() => peer.heard.some((line) => line.startsWith("close")), "a close frame");
    const hex = code.toString(16).padStart(4, "0");
    assert.match(peer.heard.at(-1) ?? "", new RegExp(`^close ${hex}`));
    await peer.ended();
    peer.socket.end();
    assert.is(await connection.readMessage(), null);
    await connection.closed;
    assert.is(connection.closeCode, null);
    assert.equal(loggedErrors(), []);
  });
}

t("leave it to the server to close the connection first", async () => {
  const [connection, peer] = await pair({ closeTimeoutMs: 5 * MINUTE_MS });
  connection.close(1000);
  await peer.hears("close 03e8");
  peer.send(bare(TEXT, "dropped"));
  peer.send(bare(CLOSE, Buffer.from("03e8", "hex")));
  await until(() => connection.closeCode === 1000, "the answer");
  IOLoop.current().clock.advance(4 * MINUTE_MS);
  assert.not(peer.isEnded, "the client has closed first");
  assert.not(connection.isClosed);
  peer.socket.end();
  await connection.closed;
  assert.is(await connection.readMessage(), null);
});

t("wait closeTimeoutMs for the server to close the connection, and no longer", async () => {
  const before = openSockets();
  const [connection, peer] = await pair({ closeTimeoutMs: 3 * MINUTE_MS });
  peer.send(bare(CLOSE, Buffer.from("03e8", "hex")));
  await peer.hears("close 03e8");
  IOLoop.current().clock.advance(2 * MINUTE_MS);
  assert.not(connection.isClosed);
  IOLoop.current().clock.advance(MINUTE_MS + 1_000);
  await connection.closed;
  assert.is(connection.closeCode, 1000);
  await peer.ended();
  await stopRawServers();
  await until(() => openSockets() === before, "the sockets to be closed");
});

t("wait closeTimeoutMs for the answer to a close frame, and no longer", async () => {
  const [connection, peer] = await pair({ closeTimeoutMs: 3 * MINUTE_MS });
  connection.close(1000);
  await peer.hears("close 03e8");
  IOLoop.current().clock.advance(2 * MINUTE_MS);
  assert.not(connection.isClosed);
  IOLoop.current().clock.advance(MINUTE_MS + 1_000);
  await connection.closed;
  assert.is(connection.closeCode, null);
});

t("end without a code when the server half-closes, resets, or abort() is called", async () => {
  const ends: ((connection: WebSocketClientConnection, peer: RawPeer) => void)[] = [
    (_connection, peer) => peer.socket.end(),
    (_connection, peer) => peer.socket.resetAndDestroy(),
    (connection) => connection.abort(),
  ];
  for (const end of ends) {
    const [connection, peer] = await pair();
    const reading = connection.readMessage();
    end(connection, peer);
    await connection.closed;
    assert.is(await reading, null);
    assert.is(connection.closeCode, null);
    assert.is(connection.closeReason, null);
    const code = await connection.writeMessage("late").catch((error) => error.code);
    assert.is(code, "ERR_WEBSOCKET_CLOSED");
    peer.socket.destroy();
  }
});

t("ping at the interval, and close if nothing comes within the timeout", async () => {
  const [connection, peer] = await pair({
    pingIntervalMs: 10 * MINUTE_MS,
    pingTimeoutMs: 2 * MINUTE_MS,
  });
  const { clock } = IOLoop.current();
  clock.advance(10 * MINUTE_MS + 1_000);
  await peer.hears("ping");
  peer.send(bare(PONG, ""));
  peer.send(bare(TEXT, "pong was sent"));
  assert.is(await connection.readMessage(), "pong was sent");
  clock.advance(9 * MINUTE_MS);
  assert.is(peer.heard.length, 1);
  clock.advance(MINUTE_MS + 1_000);
  await until(() => peer.heard.length === 2, "another ping");
  clock.advance(2 * MINUTE_MS + 1_000);
  await until(() => peer.heard.length === 3, "a close frame");
  assert.is(peer.heard[2], `close 03e8${Buffer.from("ping timed out").toString("hex")}`);
  clock.advance(5_200);
  await connection.closed;
});

t("wait in the queue for a server that does not read, under its policy", async () => {
  const server = await rawServer((peer) => {
    peer.send(peer.switching());
    peer.socket.pause();
  });
  const connection = await connect(server.url, {
    highWaterBytes: 1_000,
    maxQueuedBytes: 100_000,
    queuePolicy: "wait",
  });
  const results: Promise<string>[] = [];
  const bytes = Buffer.alloc(50_000);
  for (let n = 0; n < 400; n++) {
    results.push(
      connection.writeMessage(bytes).then(
        () => "sent",
        (error) => error.code,
      ),
    );
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const last = await results.at(-1);
  assert.is(last, "ERR_WEBSOCKET_QUEUE_FULL");
  const peer = await server.peer();
  peer.socket.resume();
  const all = await Promise.all(results);
  const sent = all.filter((result) => result === "sent").length;
  assert.ok(sent > 0 && sent < 400, `${sent} sent`);
  await until(() => peer.heard.length === sent, "what was sent");
});

t("are compressed both ways once that is agreed on", async () => {
  const [connection, peer] = await pair(
    { compressionOptions: { serverNoContextTakeover: true, clientNoContextTakeover: true } },
    {
      "Sec-WebSocket-Extensions":
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    },
  );
  assert.is(
    peer.field("Sec-WebSocket-Extensions"),
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
  );
  const text = "hello hello hello hello hello";
  const packed = deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4);
  peer.send(bare(0xc1, packed));
  assert.is(await connection.readMessage(), text);
  peer.send(bare(TEXT, "plain"));
  assert.is(await connection.readMessage(), "plain");
  void connection.writeMessage(text);
  await until(() => peer.frames.length > 6, "a frame");
  assert.is(peer.frames[0], 0xc1);
  const payload = Buffer.from(peer.frames.subarray(6));
  for (let at = 0; at < payload.length; at++) {
    payload[at] = (payload[at] ?? 0) ^ (peer.frames[2 + (at & 3)] ?? 0);
  }
  const tail = Buffer.from("0000ffff", "hex");
  assert.is(inflateRawSync(Buffer.concat([payload, tail]), { finishFlush: 2 }).toString(), text);
});

t("are not compressed for a server whose window is too small for zlib", async () => {
  const [connection, peer] = await pair(
    { compressionOptions: {} },
    { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=8" },
  );
  void connection.writeMessage("x".repeat(100));
  await peer.hears(`text "${"x".repeat(100)}"`);
});

t(
  "that inflate to more than maxMessageBytes close with 1009, others that cannot with 1007",
  async () => {
    for (const [payload, code] of [
      [deflateRawSync(Buffer.alloc(1001), { finishFlush: 2 }).subarray(0, -4), "03f1"],
      [Buffer.from("ffff", "hex"), "03ef"],
    ] as const) {
      const [connection, peer] = await pair(
        { compressionOptions: {}, maxMessageBytes: 1000 },
        { "Sec-WebSocket-Extensions": "permessage-deflate" },
      );
      peer.send(bare(0xc2, payload));
      await until(() => peer.heard.some((line) => line.startsWith(`close ${code}`)), code);
      peer.socket.end();
      await connection.closed;
    }
  },
);

t.run();
