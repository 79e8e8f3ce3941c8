/** Pings that the server sends, their deadlines on the loop's clock, and what is done about a peer that has vanished. */
import * as assert from "uvu/assert";
import { STAT_QUEUED_BYTES } from "../../lib/native/addon.ts";
import {
  Application,
  type CodedError,
  IOLoop,
  type WebSocketHandler,
  type WebSocketOptions,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { close, closing, masked, pong, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import {
  logged,
  loggedErrors,
  MINUTE_MS,
  passBetweenTurns,
  type Settings,
  serverSuite,
  startServer,
} from "../support/servers.ts";
import { Echo, open, type Peer } from "../support/websockets.ts";

const t = serverSuite("pings of a WebSocket");

async function pinging(settings: Settings, options: WebSocketOptions = {}) {
  let closes = 0;
  class Pinged extends Echo {
    static override readonly websocket = options;
    override onClose() {
      closes++;
    }
  }
  const server = await startServer([["/", Pinged]], {}, settings);
  const peer = await open(server);
  return { ...server, peer, closes: () => closes };
}

/** Sends frames, and waits until the server has read them. */
async function arrive(peer: Peer, ...frames: Buffer[]): Promise<void> {
  const loop = IOLoop.current();
  const wanted = frames.reduce((sum, { length }) => sum + length, loop.stats().receivedBytes);
  peer.send(...frames);
  await until(() => loop.stats().receivedBytes >= wanted, "frames at the server");
}

t("are not sent unless asked for", async () => {
  const { peer, clock } = await pinging({});
  clock.advance(3_600_000);
  await turns(4);
  peer.send(text("x"));
  await peer.gets(0x81, "x");
});

t("come at each interval as long as they are answered", async () => {
  const { peer, clock } = await pinging({
    websocketPingIntervalMs: 10 * MINUTE_MS,
    websocketPingTimeoutMs: 5 * MINUTE_MS,
  });
  for (let i = 0; i < 5; i++) {
    clock.advance(9 * MINUTE_MS);
    await turns(3);
    assert.is(peer.client.unread, "");
    clock.advance(MINUTE_MS + 1_000);
    await peer.gets(0x89);
    clock.advance(4 * MINUTE_MS);
    await arrive(peer, pong());
    clock.advance(2 * MINUTE_MS);
    await peer.client.staysOpen();
    // 10 minutes from ping to ping: 4 are left, and a tick.
    clock.advance(3 * MINUTE_MS);
    await turns(2);
    assert.is(peer.client.unread, "");
    clock.advance(MINUTE_MS + 1_000);
    await peer.gets(0x89);
    await arrive(peer, pong());
  }
});

t(
  "that are not answered in time close with 1000, once, and then the connection is cut",
  async () => {
    const { peer, clock, closes } = await pinging(
      { websocketPingIntervalMs: 10 * MINUTE_MS, websocketPingTimeoutMs: 5 * MINUTE_MS },
      { closeTimeoutMs: 5 * MINUTE_MS },
    );
    clock.advance(10 * MINUTE_MS + 1_000);
    await peer.gets(0x89);
    clock.advance(4 * MINUTE_MS);
    await peer.client.staysOpen();
    clock.advance(MINUTE_MS + 1_000);
    await peer.gets(0x88, closing(1000, "ping timed out"));
    clock.advance(4 * MINUTE_MS);
    await peer.client.staysOpen();
    clock.advance(MINUTE_MS + 1_000);
    await peer.client.gone();
    await until(() => closes() === 1, "onClose");
    assert.equal(loggedErrors(), []);
  },
);

t("may be answered by anything that has been read since", async () => {
  const { peer, clock } = await pinging({ websocketPingIntervalMs: 10 * MINUTE_MS });
  for (const frame of [text("x"), masked(0x01, "half"), masked(0x80)]) {
    clock.advance(10 * MINUTE_MS + 1_000);
    await turns(2);
    await arrive(peer, frame);
  }
  clock.advance(5 * MINUTE_MS);
  await turns(2);
  peer.client.assertOpen();
});

t("with a timeout of 0 may never be answered", async () => {
  const { peer, clock } = await pinging({
    websocketPingIntervalMs: 1_000,
    websocketPingTimeoutMs: 0,
  });
  for (let i = 0; i < 10; i++) {
    clock.advance(1_100);
    await peer.gets(0x89);
  }
  await peer.client.staysOpen();
});

t("end with the connection", async () => {
  const { peer, clock, closes } = await pinging({ websocketPingIntervalMs: 1_000 });
  const { wheel } = IOLoop.current();
  peer.send(close(1000));
  await peer.getsClose(1000);
  peer.client.destroy();
  await until(() => closes() === 1, "onClose");
  await turns(2);
  assert.is(wheel.size, 0);
  clock.advance(10_000);
});

t("do not put off the deadline of a close frame", async () => {
  const gate = deferred();
  class Closing extends Echo {
    static override readonly websocket = { pingIntervalMs: 60_000, closeTimeoutMs: 2_000 };
    override async open() {
      await gate.promise;
      this.close(1000);
    }
  }
  const { connect, clock } = await startServer([["/", Closing]]);
  const peer = await open({ connect });
  clock.advance(60_100);
  await peer.gets(0x89);
  gate.resolve();
  await peer.gets(0x88, closing(1000));
  await arrive(peer, pong());
  clock.advance(2_200);
  await peer.client.gone();
});

t(
  "or none, the deadline of a close frame is counted from it, however long the silence was",
  async () => {
    const opened = deferred<WebSocketHandler>();
    class Opened extends Echo {
      static override readonly websocket = { closeTimeoutMs: 5 * MINUTE_MS };
      override open() {
        opened.resolve(this);
      }
    }
    const { connect, clock } = await startServer([["/", Opened]]);
    const peer = await open({ connect });
    const handler = await opened.promise;
    await passBetweenTurns(60 * MINUTE_MS);
    handler.close(1000);
    await peer.gets(0x88, closing(1000));
    clock.advance(4 * MINUTE_MS);
    await peer.client.staysOpen();
    clock.advance(MINUTE_MS + 1_000);
    await peer.client.gone();
  },
);

t("do not end a connection whose listener is at work on what came before", async () => {
  const begun = deferred();
  const gate = deferred();
  class Slow extends Echo {
    static override readonly websocket = { pingIntervalMs: 10 * MINUTE_MS };
    override async onMessage(message: string | Buffer) {
      begun.resolve();
      await gate.promise;
      await this.writeMessage(message);
    }
  }
  const server = await startServer([["/", Slow]]);
  const peer = await open(server);
  peer.send(text("a"));
  await begun.promise;
  peer.send(text("b"));
  await turns(3);
  for (let i = 0; i < 10; i++) {
    server.clock.advance(10 * MINUTE_MS + 1_000);
    await turns(1);
  }
  gate.resolve();
  await until(() => peer.client.unread.includes("b"), "echo");
  peer.client.assertOpen();
});

t("find out that a peer has vanished while its listener works", async () => {
  class Stuck extends Echo {
    static override readonly websocket = { pingIntervalMs: 1_000, closeTimeoutMs: 1_000 };
    override onMessage() {
      return new Promise(() => {});
    }
  }
  const { connect, clock, server } = await startServer([["/", Stuck]]);
  const peer = await open({ connect });
  peer.send(text("a"));
  await turns(3);
  for (let i = 0; i < 4; i++) {
    clock.advance(1_100);
    await turns(1);
  }
  await until(() => server.connectionCount === 0, "end");
});

t("find out that a peer takes nothing while its listener waits for that", async () => {
  class Pushing extends Echo {
    static override readonly websocket = { pingIntervalMs: 1_000, closeTimeoutMs: 1_000 };
    override onMessage() {
      return this.writeMessage(Buffer.alloc(32 * 1024 * 1024));
    }
  }
  const { connect, clock, server } = await startServer([["/", Pushing]]);
  const peer = await open({ connect });
  peer.client.pause();
  peer.send(text("a"), text("b"));
  await until(() => IOLoop.current().poller.stats[STAT_QUEUED_BYTES] !== 0, "full socket");
  for (let i = 0; i < 4; i++) {
    await turns(3);
    clock.advance(1_100);
  }
  await until(() => server.connectionCount === 0, "end");
});

t("with a timeout longer than the interval are warned of once, and shortened", async () => {
  const server = await startServer(
    [["/", Echo]],
    {},
    {
      websocketPingIntervalMs: 1_000,
      websocketPingTimeoutMs: 5_000,
    },
  );
  const peer = await open(server);
  await open(server);
  assert.is(logged("warn").filter(({ message }) => message.includes("ping timeout")).length, 1);
  server.clock.advance(1_100);
  await peer.gets(0x89);
  server.clock.advance(1_100);
  await peer.gets(0x88, closing(1000, "ping timed out"));
});

t("may be said by a class in the place of its application", async () => {
  const { peer, clock } = await pinging(
    { websocketPingIntervalMs: 60_000 },
    { pingIntervalMs: 500 },
  );
  clock.advance(600);
  await peer.gets(0x89);
});

t("of thousands of connections have one owner on the wheel", async () => {
  const server = await startServer([["/", Echo]], {}, { websocketPingIntervalMs: 10 * MINUTE_MS });
  const peers = await Promise.all(Array.from({ length: 200 }, () => open(server)));
  const { wheel } = IOLoop.current();
  const before = wheel.size;
  assert.ok(before >= 200);
  server.clock.advance(10 * MINUTE_MS + 1_000);
  await Promise.all(peers.map((peer) => peer.gets(0x89)));
  assert.is(wheel.size, before);
});

t("are settings, which are checked", () => {
  for (const settings of [
    { websocketPingIntervalMs: -1 },
    { websocketPingTimeoutMs: 1.5 },
    { websocketMaxMessageBytes: 0 },
    { websocketCompression: "yes" },
  ]) {
    assert.throws(
      () => new Application([["/", Echo]], settings as Settings),
      (error: CodedError) => error.code.startsWith("ERR_OPTION_"),
    );
  }
});

t.run();
