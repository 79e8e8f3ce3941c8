/** How large messages of WebSockets may be: at the limit, under, over, whole and in fragments. */
import * as assert from "uvu/assert";
import { Application, type CodedError, URLSpec, type WebSocketOptions } from "../../lib/index.ts";
import { frameHead, hex, masked, text } from "../support/frames.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, handshake, open } from "../support/websockets.ts";

const t = serverSuite("limits of a WebSocket");
const MiB = 1024 * 1024;

const limited = { websocketMaxMessageBytes: 1024 };

t("takes a message of websocketMaxMessageBytes, whole and in fragments", async () => {
  const server = await startServer([["/", Echo]], {}, limited);
  const peer = await open(server);
  peer.send(hex("81 fe 04 00 00 00 00 00"), Buffer.alloc(1024, "a"));
  await peer.gets(0x81, "a".repeat(1024));
  peer.send(masked(0x01, "a".repeat(1000)), masked(0x80, "a".repeat(24)));
  await peer.gets(0x81, "a".repeat(1024));
});

for (const [name, bytes] of [
  ["one byte more", [hex("81 fe 04 01 00 00 00 00"), Buffer.alloc(1025, "a")]],
  ["one byte more, of which none has come", [hex("81 fe 04 01 00 00 00 00")]],
  ["fragments that are more", [masked(0x01, "a".repeat(600)), masked(0x80, "a".repeat(600))]],
  [
    "fragments that will be more",
    [masked(0x01, "a".repeat(1024)), frameHead(0x00, 1, 0x80), Buffer.alloc(4)],
  ],
  ["2^40 bytes, of which none has come", [hex("81 ff 00 00 01 00 00 00 00 00 00 00 00 00")]],
  ["2^63 - 1 bytes", [hex("82 ff 7f ff ff ff ff ff ff ff 00 00 00 00")]],
] as const) {
  t(`closes with 1009 at ${name}`, async () => {
    const server = await startServer([["/", Echo]], {}, limited);
    const peer = await open(server);
    peer.send(...bytes);
    assert.is(await peer.getsClose(1009), "message too big");
    assert.equal(loggedErrors(), []);
  });
}

t("lets a class have another limit than its application", async () => {
  class Large extends Echo {
    static override readonly websocket = { maxMessageBytes: 2000 };
  }
  const server = await startServer([["/", Large]], {}, limited);
  const peer = await open(server);
  peer.send(text("a".repeat(2000)));
  await peer.gets(0x81, "a".repeat(2000));
  peer.send(text("a".repeat(2001)));
  await peer.getsClose(1009);
});

for (const options of [{ maxMessageByte: 1 }, { pingIntervalMs: -1 }, { queuePolicy: "best" }]) {
  class Wrong extends Echo {
    static override readonly websocket = options as WebSocketOptions;
  }

  t(`are checked when a route is made: ${JSON.stringify(options)} is refused`, () => {
    assert.throws(() => new Application([["/", Wrong]]), /Wrong\.websocket/);
    assert.throws(() => new Application([["/a", [["/b", Wrong]]]]), /Wrong\.websocket/);
    assert.throws(() => new URLSpec("/", Wrong), /Wrong\.websocket/);
    const app = new Application();
    assert.throws(() => app.addHandlers(".*", [["/", Wrong]]), /Wrong\.websocket/);
  });

  t(`are checked at a handshake by a router of one's own: ${JSON.stringify(options)}`, async () => {
    const router = { findHandler: () => Wrong };
    const { connect } = await startServer([["/.*", router as never]]);
    const client = await connect();
    void client.send(handshake());
    assert.is((await client.readFinalResponse()).status, 500);
    assert.match(
      String((loggedErrors()[0]?.error as CodedError | undefined)?.message),
      /Wrong\.websocket/,
    );
  });
}

t("echoes 16 MiB in one frame, and in pieces of 1,000 bytes", async () => {
  class Large extends Echo {
    static override readonly websocket = { maxMessageBytes: 16 * MiB };
  }
  const server = await startServer([["/", Large]]);
  const payload = Buffer.alloc(16 * MiB, "0123456789abcdef");
  const frame = masked(0x81, payload);
  for (const step of [frame.length, 64_000]) {
    const peer = await open(server, "/", "", { deadlineMs: 30_000 });
    for (let at = 0; at < frame.length; at += step) peer.send(frame.subarray(at, at + step));
    await peer.client.bytes(10);
    assert.ok(payload.equals(await peer.client.bytes(payload.length)));
    peer.client.destroy();
  }
});

t.run();
