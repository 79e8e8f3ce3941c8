/** Flow control of WebSockets, both ways: slow handlers, peers that do not read, floods; everything stays bounded. */
import * as assert from "uvu/assert";
import { type CodedError, WebSocketHandler, type WebSocketOptions } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { binary, close, closing, masked, ping } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { logged, serverSuite, startServer } from "../support/servers.ts";
import { open } from "../support/websockets.ts";

const t = serverSuite("flow control of a WebSocket");
const KiB = 1024;
const MiB = 1024 * KiB;

/** What a promise has come to so far. */
function watched(promise: Promise<void>): { state: string } {
  const seen = { state: "pending" };
  promise.then(
    () => {
      seen.state = "settled";
    },
    (error: CodedError) => {
      seen.state = error.code;
    },
  );
  return seen;
}

/** A connection whose peer does not read, its kernel buffers full, and its handler. */
async function stalled(options: WebSocketOptions = {}) {
  const made = deferred<WebSocketHandler>();
  let closes = 0;
  class Silent extends WebSocketHandler {
    static override readonly websocket = { highWaterBytes: 64 * KiB, ...options };
    override open() {
      made.resolve(this);
    }
    override onMessage(message: string | Buffer) {
      return this.writeMessage(message);
    }
    override onClose() {
      closes++;
    }
  }
  const server = await startServer([["/", Silent]]);
  const peer = await open(server);
  peer.client.pause();
  const handler = await made.promise;
  let sentCount = 0;
  const piece = Buffer.alloc(48 * KiB, 1);
  // The kernel may take more a little later, when the other side has told how much room it has.
  for (let stillTurns = 0; stillTurns < 20; stillTurns++) {
    if (handler.bufferedBytes <= 64 * KiB) {
      void handler.writeMessage(piece);
      sentCount++;
      stillTurns = 0;
    }
    await turns(1);
  }
  return {
    ...server,
    peer,
    handler,
    closes: () => closes,
    /** Reads, and returns the frames behind those that have filled the buffers. */
    async readRest(count: number) {
      peer.client.resume();
      for (let i = 0; i < sentCount; i++) await peer.client.bytes(piece.length + 4);
      const texts: string[] = [];
      for (let i = 0; i < count; i++)
        texts.push((await peer.frame()).payload.toString("latin1", 0, 20));
      return texts;
    },
  };
}

// What we send.

t("has writeMessage() wait for a peer that does not read, and keeps the order", async () => {
  const { handler, readRest } = await stalled();
  const first = watched(handler.writeMessage("first"));
  const second = watched(handler.writeMessage(Buffer.from("second")));
  const third = watched(handler.writeMessage({ third: 3 }));
  await turns(4);
  assert.equal([first.state, second.state, third.state], ["pending", "pending", "pending"]);
  assert.equal(await readRest(3), ["first", "second", '{"third":3}']);
  await until(() => third.state === "settled", "settled");
  assert.equal([first.state, second.state], ["settled", "settled"]);
});

t("keeps queued bytes as they were, though the sender changes its buffer", async () => {
  const { handler, readRest } = await stalled();
  const bytes = Buffer.from("before");
  void handler.writeMessage(bytes);
  bytes.fill("x");
  assert.equal(await readRest(1), ["before"]);
});

for (const [name, over, state] of [
  ["takes as much as maxQueuedBytes says", 0, "pending"],
  ["refuses one byte more", 1, "ERR_WEBSOCKET_QUEUE_FULL"],
] as const) {
  t(`with "wait" ${name}`, async () => {
    const { handler, readRest, closes } = await stalled({ maxQueuedBytes: 1000 });
    void handler.writeMessage("a".repeat(436));
    const last = watched(handler.writeMessage("b".repeat(436 + over)));
    await turns(2);
    assert.is(last.state, state);
    assert.equal(await readRest(1), ["a".repeat(20)]);
    assert.is(closes(), 0);
  });
}

t("with maxQueuedBytes 0 refuses all, and goes on when the peer reads", async () => {
  const { handler, readRest } = await stalled({ maxQueuedBytes: 0 });
  const refused = watched(handler.writeMessage(""));
  await turns(2);
  assert.is(refused.state, "ERR_WEBSOCKET_QUEUE_FULL");
  await readRest(0);
  await until(() => handler.bufferedBytes === 0, "drained");
  const taken = watched(handler.writeMessage("x"));
  await turns(2);
  assert.is(taken.state, "settled");
});

t('with "dropOldest" keeps the newest', async () => {
  const { handler, readRest } = await stalled({
    queuePolicy: "dropOldest",
    maxQueuedBytes: 3 * 69,
  });
  const states = ["one..", "two..", "three", "four.", "five."].map((each) =>
    watched(handler.writeMessage(each)),
  );
  await turns(2);
  assert.equal(
    states.map(({ state }) => state),
    ["settled", "settled", "pending", "pending", "pending"],
  );
  const tooBig = watched(handler.writeMessage("x".repeat(3 * 69)));
  await turns(2);
  assert.is(tooBig.state, "ERR_WEBSOCKET_QUEUE_FULL");
  assert.equal(await readRest(3), ["three", "four.", "five."]);
});

t('with "coalesce" keeps the newest of each key, in the place of the first', async () => {
  const { handler, readRest } = await stalled({ queuePolicy: "coalesce", maxQueuedBytes: 1000 });
  const first = watched(handler.writeMessage("EUR 1", { key: "EUR" }));
  void handler.writeMessage("USD 1", { key: "USD" });
  void handler.writeMessage("plain");
  const second = watched(handler.writeMessage(Buffer.from("EUR 2"), { key: "EUR" }));
  void handler.writeMessage("plain");
  const tooBig = watched(handler.writeMessage("x".repeat(1000), { key: "USD" }));
  await turns(2);
  assert.equal(
    [first.state, second.state, tooBig.state],
    ["settled", "pending", "ERR_WEBSOCKET_QUEUE_FULL"],
  );
  const bytes = handler.bufferedBytes;
  for (let i = 0; i < 1000; i++) void handler.writeMessage(`USD ${i % 10}`, { key: "USD" });
  assert.is(handler.bufferedBytes, bytes);
  assert.equal(await readRest(4), ["EUR 2", "USD 9", "plain", "plain"]);
  await until(() => handler.bufferedBytes === 0, "drained");
});

t('with "coalesce" a producer that awaits is held back, and does not spin', async () => {
  const { handler, readRest } = await stalled({ queuePolicy: "coalesce" });
  let written = 0;
  const producing = (async () => {
    for (; written < 3; written++) await handler.writeMessage(`${written}`, { key: "k" });
  })();
  await turns(3);
  assert.is(written, 0);
  await readRest(1);
  await producing;
});

t('with "close" closes with 1013 when the queue is full, and drops it', async () => {
  const { handler, peer, closes, clock } = await stalled({
    queuePolicy: "close",
    maxQueuedBytes: 200,
  });
  const first = watched(handler.writeMessage("x".repeat(136)));
  await turns(1);
  assert.is(first.state, "pending");
  assert.not.ok(handler.isClosing);
  const second = watched(handler.writeMessage(""));
  await turns(1);
  assert.equal([first.state, second.state], ["ERR_WEBSOCKET_CLOSED", "ERR_WEBSOCKET_QUEUE_FULL"]);
  assert.ok(handler.isClosing);
  assert.ok(logged("info").some(({ message }) => message.includes("1013")));
  clock.advance(5_200);
  await until(() => closes() === 1, "onClose");
  peer.client.destroy();
});

t("lets what is queued leave before close()", async () => {
  const { handler, readRest, peer } = await stalled();
  void handler.writeMessage("last words");
  handler.close(1000, "bye");
  assert.equal(await readRest(1), ["last words"]);
  await peer.gets(0x88, closing(1000, "bye"));
  peer.send(close(1000));
  await peer.client.closed();
});

t("gives a slow peer the time to read what was sent before close()", async () => {
  const { handler, peer, clock, server } = await stalled();
  for (let i = 0; i < 40; i++) void handler.writeMessage(Buffer.alloc(200 * KiB));
  handler.close(1000, "bye");
  let before = handler.bufferedBytes;
  for (let i = 0; i < 4; i++) {
    peer.client.resume();
    await until(() => handler.bufferedBytes < before, "some of it read");
    peer.client.pause();
    await turns(4);
    before = handler.bufferedBytes;
    if (before === 0) break;
    clock.advance(4_000);
    await turns(2);
    assert.is(server.connectionCount, 1);
    clock.advance(1_200);
    await turns(2);
    assert.is(server.connectionCount, 1);
  }
  clock.advance(10_400);
  await until(() => server.connectionCount === 0, "end of one that reads no more");
});

t("refuses what is queued when the connection breaks", async () => {
  const { handler, peer, closes } = await stalled();
  const small = watched(handler.writeMessage("x"));
  const large = watched(handler.writeMessage(Buffer.alloc(100 * KiB)));
  peer.client.abort();
  await until(() => closes() === 1, "onClose");
  await turns(1);
  assert.equal([small.state, large.state], ["ERR_WEBSOCKET_CLOSED", "ERR_WEBSOCKET_CLOSED"]);
  assert.is(handler.bufferedBytes, 0);
});

t("settles a large message when its bytes have left, and not before", async () => {
  const made = deferred<WebSocketHandler>();
  class Large extends WebSocketHandler {
    override open() {
      made.resolve(this);
    }
  }
  const server = await startServer([["/", Large]]);
  const peer = await open(server);
  peer.client.pause();
  const handler = await made.promise;
  const bytes = Buffer.alloc(24 * MiB, 7);
  const sent = watched(handler.writeMessage(bytes));
  const behind = watched(handler.writeMessage("behind"));
  await turns(5);
  assert.equal([sent.state, behind.state], ["pending", "pending"]);
  peer.client.resume();
  peer.client.destroy();
  await until(() => sent.state !== "pending", "an end");
  await turns(1);
  assert.equal([sent.state, behind.state], ["ERR_WEBSOCKET_CLOSED", "ERR_WEBSOCKET_CLOSED"]);
});

t("pins no more than its bounds in one turn", async () => {
  const made = deferred<WebSocketHandler>();
  class Flooding extends WebSocketHandler {
    static override readonly websocket: WebSocketOptions = {
      highWaterBytes: 64 * KiB,
      maxQueuedBytes: 256 * KiB,
    };
    override open() {
      made.resolve(this);
    }
  }
  const server = await startServer([["/", Flooding]]);
  const peer = await open(server);
  peer.client.pause();
  const handler = await made.promise;
  let refused = 0;
  const piece = Buffer.alloc(60 * KiB);
  for (let i = 0; i < 2000; i++) {
    handler.writeMessage(piece).catch(() => refused++);
  }
  await turns(1);
  assert.ok(handler.bufferedBytes <= (64 + 60 + 256) * KiB, `${handler.bufferedBytes}`);
  assert.ok(refused > 1000);
});

// What we receive.

t("stops reading while a handler is at work: the peer is held back", async () => {
  const gate = deferred();
  let count = 0;
  class Slow extends WebSocketHandler {
    override async onMessage() {
      count++;
      await gate.promise;
    }
  }
  const server = await startServer([["/", Slow]]);
  const peer = await open(server);
  const message = binary(Buffer.alloc(60_000));
  let sentBytes = -1;
  for (let i = 0; i < 400; i++) peer.send(message);
  await until(() => count === 1, "the first message");
  while (sentBytes !== peer.client.sentBytes) {
    sentBytes = peer.client.sentBytes;
    await turns(30);
  }
  assert.is(count, 1);
  assert.ok(sentBytes < 400 * message.length, `${sentBytes} bytes were taken`);
  gate.resolve();
  await until(() => count === 400, "all messages");
});

t("does not answer every ping of a peer that does not read, but the last", async () => {
  const { handler, peer, readRest, server } = await stalled();
  const before = handler.bufferedBytes;
  const { receivedBytes } = server.loop.stats();
  const flood = Buffer.concat(Array.from({ length: 500 }, () => ping(Buffer.alloc(125))));
  for (let i = 0; i < 40; i++) {
    await peer.client.send(flood);
    await turns(1);
  }
  const last = ping("last");
  await peer.client.send(last);
  const sentBytes = 40 * flood.length + last.length;
  await until(() => server.loop.stats().receivedBytes === receivedBytes + sentBytes, "all pings");
  assert.ok(handler.bufferedBytes <= before + 200 * KiB, `${handler.bufferedBytes - before}`);
  assert.equal(await readRest(1), ["last"]);
  assert.is(server.connectionCount, 1);
});

for (const [name, frame] of [
  ["empty", masked(0x00)],
  ["one-byte", masked(0x00, "x")],
] as const) {
  t(`takes a million ${name} fragments in bounded memory`, async () => {
    let length = -1;
    class Counting extends WebSocketHandler {
      override onMessage(message: string | Buffer) {
        length = message.length;
      }
    }
    const server = await startServer([["/", Counting]]);
    const peer = await open(server);
    peer.send(masked(0x02));
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => frame));
    await peer.client.send(many);
    const before = process.memoryUsage();
    for (let i = 1; i < 100; i++) await peer.client.send(many);
    const after = process.memoryUsage();
    const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
    assert.ok(grown < 24 * MiB, `${grown} bytes`);
    peer.send(masked(0x80));
    await until(() => length >= 0, "message");
    assert.is(length, name === "empty" ? 0 : 1_000_000);
  });
}

t.run();
