/** How a WebSocket ends, from either side, and in every other way: onClose() hears of it once. */
import * as assert from "uvu/assert";
import type { WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { bare, close, closing, frameHead, hex, masked, ping, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, MINUTE_MS, serverSuite, startServer } from "../support/servers.ts";
import { type Echo, type Heard, listening, open } from "../support/websockets.ts";

const t = serverSuite("the end of a WebSocket");

/** An echo server that writes down what its handlers hear; one client; what it heard once the connection has gone. */
async function one(Handler: (heard: Heard) => typeof Echo = listening) {
  const heard: Heard = [];
  class Patient extends Handler(heard) {
    static override readonly websocket = { closeTimeoutMs: 5 * MINUTE_MS };
  }
  const server = await startServer([["/", Patient]], { stopGraceMs: 60 * MINUTE_MS });
  const peer = await open(server);
  return {
    ...server,
    peer,
    heard,
    async gone() {
      await until(() => server.server.connectionCount === 0, "end");
      await turns(3);
      return heard.filter((line) => line.startsWith("close"));
    },
  };
}

for (const [name, frame, code, line] of [
  ["with a code and a reason", close(1001, "goodbye"), 1001, "close 1001 goodbye"],
  ["with a code", close(4000), 4000, "close 4000 null"],
  ["without", close(), null, "close null null"],
  ["with 123 bytes of reason", close(1000, "x".repeat(123)), 1000, `close 1000 ${"x".repeat(123)}`],
] as const) {
  t(`by a client's close frame ${name}`, async () => {
    const { peer, gone } = await one();
    peer.send(text("a"), frame);
    await peer.gets(0x81, "a");
    assert.is(await peer.getsClose(code), "");
    peer.client.destroy();
    assert.equal(await gone(), [line]);
  });
}

for (const [name, call, wanted] of [
  ["code and reason", (h: WebSocketHandler) => h.close(1001, "goodbye"), closing(1001, "goodbye")],
  ["a code", (h: WebSocketHandler) => h.close(3000), closing(3000)],
  ["a reason alone", (h: WebSocketHandler) => h.close(null, "why"), closing(1000, "why")],
  ["nothing", (h: WebSocketHandler) => h.close(), Buffer.alloc(0)],
  [
    "123 bytes of reason",
    (h: WebSocketHandler) => h.close(1000, `${"é".repeat(61)}x`),
    closing(1000, `${"é".repeat(61)}x`),
  ],
] as const) {
  t(`by close() with ${name}`, async () => {
    const { peer, gone, heard } = await one(
      (heard) =>
        class extends listening(heard) {
          override onMessage() {
            void this.writeMessage("last");
            call(this);
          }
        },
    );
    peer.send(text("x"), text("y"));
    await peer.gets(0x81, "last");
    await peer.gets(0x88, wanted);
    peer.client.assertOpen();
    peer.send(text("z"), close(4001, "ok"));
    await peer.client.closed();
    peer.client.destroy();
    assert.equal(await gone(), ["close 4001 ok"]);
    assert.equal(heard, ["open", "close 4001 ok"]);
  });
}

t("by close() with what may not be sent is refused, and nothing has happened", async () => {
  const codes: unknown[] = [];
  const { peer } = await one(
    (heard) =>
      class extends listening(heard) {
        override open() {
          for (const [code, reason] of [
            [0],
            [999],
            [1004],
            [1005],
            [1006],
            [1015],
            [1016],
            [2999],
            [5000],
            [65_535],
            [70_000],
            [1000.5],
            [Number.NaN],
            [1000, "x".repeat(124)],
            [1000, "é".repeat(62)],
          ] as [number, string?][]) {
            try {
              this.close(code, reason);
            } catch (error) {
              codes.push((error as { code: string }).code);
            }
          }
          assert.not.ok(this.isClosing);
        }
      },
  );
  assert.equal(codes, Array(15).fill("ERR_WEBSOCKET_CLOSE_CODE"));
  peer.send(text("x"));
  await peer.gets(0x81, "x");
});

t("by both at once", async () => {
  const { peer, gone } = await one(
    (heard) =>
      class extends listening(heard) {
        override onMessage() {
          this.close(1000, "server");
        }
      },
  );
  peer.send(Buffer.concat([text("x"), close(1001, "client")]));
  assert.is(await peer.getsClose(1000), "server");
  peer.client.destroy();
  assert.equal(await gone(), ["close 1001 client"]);
});

t("in open(), before a message", async () => {
  const { peer, gone, heard } = await one(
    (heard) =>
      class extends listening(heard) {
        override open() {
          this.close(1001, "goodbye");
        }
      },
  );
  peer.send(text("x"));
  await peer.gets(0x88, closing(1001, "goodbye"));
  peer.send(hex("88 82 00000000 03e8"));
  await peer.client.closed();
  peer.client.destroy();
  assert.equal(await gone(), ["close 1000 null"]);
  assert.equal(heard.length, 1);
});

t("in an asynchronous open(), while the client's answer waits behind a message", async () => {
  const gate = deferred();
  const { peer, gone, heard } = await one(
    (heard) =>
      class extends listening(heard) {
        override async open() {
          await gate.promise;
          this.close(1000);
          await new Promise(() => {});
        }
      },
  );
  peer.send(text("x"), close(1000, "bye"));
  await turns(4);
  gate.resolve();
  await peer.getsClose(1000);
  peer.client.destroy();
  assert.equal(await gone(), ["close 1000 bye"]);
  assert.equal(heard.length, 1);
});

t("by close() of a listener that is busy for ever: the answer is read", async () => {
  const { peer, gone } = await one(
    (heard) =>
      class extends listening(heard) {
        override async onMessage() {
          await turns(3);
          this.close(1000, "done");
          await new Promise(() => {});
        }
      },
  );
  peer.send(text("x"), text("held"), text("held too"));
  await peer.gets(0x88, closing(1000, "done"));
  peer.send(close(1002, "answer"));
  await peer.client.closed();
  peer.client.destroy();
  assert.equal(await gone(), ["close 1002 answer"]);
});

t("by a close frame in the middle of a message, and behind one that is worked on", async () => {
  const gate = deferred();
  const { peer, gone, heard } = await one(
    (heard) =>
      class extends listening(heard) {
        override async onMessage(message: string | Buffer) {
          heard.push(`message ${message}`);
          await gate.promise;
          await this.writeMessage("answer");
        }
      },
  );
  peer.send(Buffer.concat([text("x"), masked(0x01, "half"), close(1000, "mid")]));
  await turns(4);
  peer.client.assertOpen();
  gate.resolve();
  await peer.gets(0x81, "answer");
  await peer.getsClose(1000);
  peer.client.destroy();
  assert.equal(await gone(), ["close 1000 mid"]);
  assert.equal(heard, ["open", "message x", "close 1000 mid"]);
});

t("answers pings until the client's close frame has come, though close() was called", async () => {
  const { peer, heard } = await one(
    (heard) =>
      class extends listening(heard) {
        override onMessage() {
          this.close(1000);
        }
      },
  );
  peer.send(text("x"));
  await peer.gets(0x88, closing(1000));
  peer.send(ping("still"));
  await peer.gets(0x8a, "still");
  assert.equal(heard, ["open"]);
});

// Ends without a close frame.

t("by a FIN", async () => {
  const { peer, gone } = await one();
  peer.client.endSending();
  await peer.client.closed();
  peer.client.destroy();
  assert.equal(await gone(), ["close null null"]);
});

t("by a FIN behind messages that are worked on: their answers leave first", async () => {
  const gate = deferred();
  const { peer, gone } = await one(
    (heard) =>
      class extends listening(heard) {
        override async onMessage(message: string | Buffer) {
          await gate.promise;
          await this.writeMessage(message);
        }
      },
  );
  peer.send(text("a"), text("b"));
  peer.client.endSending();
  await turns(4);
  gate.resolve();
  await peer.gets(0x81, "a");
  await peer.gets(0x81, "b");
  await peer.client.closed();
  peer.client.destroy();
  assert.equal(await gone(), ["close null null"]);
});

t("by a FIN while the listener works for ever, after closeTimeoutMs", async () => {
  const { peer, gone, clock, server } = await one(
    (heard) =>
      class extends listening(heard) {
        override open() {
          return new Promise(() => {});
        }
      },
  );
  const { wheel } = server.loop;
  const deadlines = wheel.size;
  peer.client.endSending();
  await until(() => wheel.size > deadlines, "the FIN at the server");
  clock.advance(4 * MINUTE_MS);
  await turns(2);
  assert.is(server.connectionCount, 1);
  clock.advance(MINUTE_MS + 1_000);
  assert.equal(await gone(), ["close null null"]);
});

t("by a RST, and in the middle of a message", async () => {
  for (const bytes of [Buffer.alloc(0), masked(0x01, "half"), frameHead(0x82, 70_000, 0x80)]) {
    const { peer, gone } = await one();
    await peer.client.send(bytes);
    await turns(2);
    peer.client.abort();
    assert.equal(await gone(), ["close null null"]);
  }
});

t("by a fault of the client", async () => {
  const { peer, gone } = await one();
  peer.send(bare(0x81, "x"));
  assert.is(await peer.getsClose(1002), "a frame of a client is not masked");
  peer.send(text("behind"), close(1000));
  await turns(3);
  peer.client.destroy();
  assert.equal(await gone(), ["close null null"]);
  assert.equal(loggedErrors(), []);
});

t("after closeTimeoutMs if the client does not answer close()", async () => {
  const { peer, gone, clock } = await one(
    (heard) =>
      class extends listening(heard) {
        override open() {
          this.close(1000);
        }
      },
  );
  await peer.gets(0x88, closing(1000));
  clock.advance(4 * MINUTE_MS);
  await peer.client.staysOpen();
  peer.send(text("no answer"));
  await turns(2);
  clock.advance(MINUTE_MS + 1_000);
  await peer.client.gone();
  assert.equal(await gone(), ["close null null"]);
});

t("after closeTimeoutMs if the client answers and keeps its side open", async () => {
  const { peer, gone, clock, server } = await one();
  peer.send(close(1000));
  await peer.getsClose(1000);
  assert.is(server.connectionCount, 1);
  clock.advance(5 * MINUTE_MS + 1_000);
  assert.equal(await gone(), ["close 1000 null"]);
});

// By the server.

t("with 1001 when the server stops, which waits for it", async () => {
  const { peer, gone, server } = await one();
  let isStopped = false;
  const stopped = server.stop().then(() => {
    isStopped = true;
  });
  await peer.gets(0x88, closing(1001));
  await turns(3);
  assert.not.ok(isStopped);
  peer.send(close(1001));
  await peer.client.closed();
  peer.client.destroy();
  await stopped;
  assert.equal(await gone(), ["close 1001 null"]);
});

t("when the server stops and the client never answers", async () => {
  const { peer, gone, server, clock } = await one();
  const stopped = server.stop();
  await peer.gets(0x88, closing(1001));
  clock.advance(5 * MINUTE_MS + 1_000);
  await stopped;
  assert.equal(await gone(), ["close null null"]);
});

t("when the server's grace is over, whatever the client does", async () => {
  const { peer, gone, server, clock } = await one();
  const stopped = server.stop({ graceMs: MINUTE_MS });
  await peer.gets(0x88, closing(1001));
  clock.advance(MINUTE_MS + 1_000);
  await stopped;
  assert.equal(await gone(), ["close null null"]);
  await peer.client.gone();
});

t("at once when the server stops with a grace of 0", async () => {
  const { peer, gone, server } = await one();
  await server.stop({ graceMs: 0 });
  assert.equal(await gone(), ["close null null"]);
  await peer.client.gone();
});

t("at once by closeAllConnections(), of a server that goes on", async () => {
  const { peer, gone, server, connect } = await one();
  server.closeAllConnections();
  await peer.client.gone();
  assert.equal(await gone(), ["close null null"]);
  await open({ connect });
});

t.run();
