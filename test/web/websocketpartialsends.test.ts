/** What the kernel takes in part: megabytes to a peer that reads slowly, each frame whole and in its place. */
import * as assert from "uvu/assert";
import { type WebSocketCompressionOptions, WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { DeflatePeer } from "../support/deflatepeer.ts";
import { close, hex } from "../support/frames.ts";
import { noise } from "../support/noise.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { framesOf, open } from "../support/websockets.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/** What is sent, each with its opcode: short and long in turn, so that heads, copies and memory of others lie side by side. */
const words = "größe € 😀 ".repeat(100_000);
const messages: readonly (string | Buffer)[] = [
  "first",
  noise(3 * MiB),
  words,
  "",
  noise(40_000),
  noise(32 * KiB - 1),
  noise(32 * KiB),
  noise(0),
  words.slice(0, 30_000),
  ...Array.from({ length: 20 }, (_, i) => noise(65_000 + i)),
  noise(2 * MiB + 1),
  "last",
];

const t = serverSuite("frames that the kernel takes in part");

for (const [name, compression, options] of [
  ["in the outbox at once", null, { highWaterBytes: GiB }],
  ["waiting in the queue", null, { highWaterBytes: 64 * KiB }],
  ["compressed, in the outbox at once", {}, { highWaterBytes: GiB }],
  ["compressed, waiting in the queue", {}, { highWaterBytes: 64 * KiB }],
  ["compressed without a window", { serverNoContextTakeover: true }, { highWaterBytes: 64 * KiB }],
] as const) {
  t(`arrive whole and in order: ${name}`, async () => {
    const made = deferred<WebSocketHandler>();
    class Sending extends WebSocketHandler {
      static override readonly websocket = { maxQueuedBytes: 64 * MiB, ...options };
      override getCompressionOptions(): WebSocketCompressionOptions | null {
        return compression;
      }
      override open() {
        made.resolve(this);
      }
    }
    const server = await startServer([["/", Sending]]);
    const fields = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    const { client } = await open(server, "/", fields, { deadlineMs: 30_000 });
    client.pause();
    const handler = await made.promise;
    const sent = messages.map((message) => handler.writeMessage(message));
    await until(() => handler.bufferedBytes > MiB, "a kernel that takes no more");
    handler.close(1000);
    void client.send(close(1000));
    // A little at a time: the kernel takes a little more of a frame whenever something has been read.
    for (let i = 0; i < 50; i++) {
      client.resume();
      await turns(1);
      client.pause();
      await turns(1);
    }
    client.resume();
    const frames = framesOf(await client.readToEnd());
    await Promise.all(sent);
    assert.is(frames.length, messages.length + 1);
    const peer = new DeflatePeer({
      sendBits: 15,
      sendKeeps: true,
      receiveBits: 15,
      receiveKeeps: compression === null || !("serverNoContextTakeover" in compression),
    });
    for (const [i, message] of messages.entries()) {
      const { first, payload } = frames[i] ?? { first: 0, payload: noise(0) };
      const isText = typeof message === "string";
      const isLong = Buffer.byteLength(message) >= 16;
      const isCompressed = compression !== null && isLong;
      assert.is(first, (isText ? 0x81 : 0x82) | (isCompressed ? 0x40 : 0), `frame ${i}`);
      const got = isCompressed ? await peer.inflate(payload) : payload;
      assert.ok(got.equals(Buffer.from(message as string)), `frame ${i} differs`);
    }
    assert.equal(frames.at(-1), { first: 0x88, payload: hex("03e8") });
    assert.equal(loggedErrors(), []);
  });
}

t.run();
