/** lendsMessages: large messages are the handler's for the time of onMessage(), and nothing that was sent of them is lost. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import { WebSocketHandler, type WebSocketOptions } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { binary, close, masked, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, open } from "../support/websockets.ts";

const KiB = 1024;
const t = serverSuite("a WebSocket whose messages are lent");

/** Bytes that tell which they are. */
function message(length: number, seed = 1): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + seed) & 0xff));
}

/** Keeps what it gets, and says what is left of it when the next one comes. */
class Keeper extends WebSocketHandler {
  static override readonly websocket: WebSocketOptions = { lendsMessages: true };
  readonly kept: (string | Buffer)[] = [];

  override onMessage(given: string | Buffer): unknown {
    this.kept.push(given);
    return this.writeMessage({ lengths: this.kept.map(({ length }) => length) });
  }
}

class Lent extends Echo {
  static override readonly websocket: WebSocketOptions = { lendsMessages: true };
}

const lengthsText = (...lengths: number[]): string => JSON.stringify({ lengths });

t("has them until onMessage() returns: from 16 KiB on, bytes only", async () => {
  const peer = await open(await startServer([["/", Keeper]]));
  peer.send(binary(message(16 * KiB)), binary(message(16 * KiB - 1)), text("x".repeat(20 * KiB)));
  await peer.gets(0x81, lengthsText(16 * KiB));
  await peer.gets(0x81, lengthsText(0, 16 * KiB - 1));
  await peer.gets(0x81, lengthsText(0, 16 * KiB - 1, 20 * KiB));
});

t("keeps messages of all lengths where they are not lent, which is the default", async () => {
  class Owner extends Keeper {
    static override readonly websocket = {};
  }
  const peer = await open(await startServer([["/", Owner]]));
  peer.send(binary(message(64 * KiB)), binary(message(16 * KiB)));
  await peer.gets(0x81, lengthsText(64 * KiB));
  await peer.gets(0x81, lengthsText(64 * KiB, 16 * KiB));
});

t("has fragmented and compressed ones likewise", async () => {
  class Compressed extends Keeper {
    override getCompressionOptions() {
      return { thresholdBytes: 1024 * KiB };
    }
  }
  const payload = message(300 * KiB);
  const deflated = zlib.deflateRawSync(payload, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  const peer = await open(
    await startServer([["/", Compressed]]),
    "/",
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n",
  );
  peer.send(masked(0x02, payload.subarray(0, 9 * KiB)), masked(0x80, payload.subarray(9 * KiB)));
  peer.send(masked(0xc2, deflated.subarray(0, -4)), binary(message(5)));
  await peer.gets(0x81, lengthsText(300 * KiB));
  await peer.gets(0x81, lengthsText(0, 300 * KiB));
  await peer.gets(0x81, lengthsText(0, 0, 5));
});

t("has them until the promise settles that onMessage() returned", async () => {
  const gate = deferred<void>();
  const seen: Buffer[] = [];
  class Slow extends WebSocketHandler {
    static override readonly websocket = { lendsMessages: true };
    override async onMessage(given: Buffer) {
      seen.push(given);
      await gate.promise;
      await this.writeMessage(given);
    }
  }
  const payload = message(40 * KiB);
  const peer = await open(await startServer([["/", Slow]]));
  peer.send(binary(payload));
  await until(() => seen.length === 1, "the message");
  await turns(3);
  assert.equal(seen[0], payload);
  gate.resolve();
  await peer.gets(0x82, payload);
  await until(() => seen[0]?.length === 0, "the message taken back");
});

t("has them for each turn of `for await`", async () => {
  class Reader extends WebSocketHandler {
    static override readonly websocket = { lendsMessages: true };
    override async open() {
      let last: string | Buffer = "";
      for await (const given of this.messages) {
        await this.writeMessage(`${last.length} ${given.length}`);
        last = given;
      }
    }
  }
  const peer = await open(await startServer([["/", Reader]]));
  peer.send(binary(message(20 * KiB)), binary(message(30 * KiB)));
  await peer.gets(0x81, `0 ${20 * KiB}`);
  await peer.gets(0x81, `0 ${30 * KiB}`);
});

t("takes them back from one that throws, or rejects", async () => {
  let count = 0;
  for (const fails of ["throws", "rejects"]) {
    const kept: Buffer[] = [];
    class Failing extends WebSocketHandler {
      static override readonly websocket = { lendsMessages: true };
      override onMessage(given: Buffer): unknown {
        kept.push(given);
        if (fails === "throws") throw new Error("on purpose");
        return Promise.reject(new Error("on purpose"));
      }
    }
    const peer = await open(await startServer([["/", Failing]]));
    peer.send(binary(message(64 * KiB)));
    await peer.getsClose(1011);
    await until(() => kept[0]?.length === 0, "the message taken back");
    assert.is(loggedErrors().length, ++count);
  }
});

t("sends them back whole to a peer that reads late, though nobody waits for it", async () => {
  const made = deferred<WebSocketHandler>();
  class Careless extends Lent {
    static override readonly websocket = { lendsMessages: true, highWaterBytes: 64 * KiB };
    override open() {
      made.resolve(this);
    }
    override onMessage(given: string | Buffer) {
      void this.writeMessage(given);
      return undefined;
    }
  }
  const peer = await open(await startServer([["/", Careless]]));
  peer.client.pause();
  const handler = await made.promise;
  let count = 0;
  // More than the buffers of the kernel take, then some for the connection's own queue.
  for (let more = 5; more > 0; count++) {
    peer.send(binary(message(100 * KiB, count)));
    await turns(1);
    if (handler.bufferedBytes > 64 * KiB) more--;
  }
  peer.client.resume();
  for (let i = 0; i < count; i++) await peer.gets(0x82, message(100 * KiB, i));
  peer.send(close(1000));
  await peer.getsClose(1000);
});

t("sends them on to others, compressed or not, and to topics with a history", async () => {
  const handlers: WebSocketHandler[] = [];
  const ids: string[] = [];
  class Room extends WebSocketHandler {
    static override readonly websocket = { lendsMessages: true };
    override open() {
      handlers.push(this);
      this.application.keepHistory("room", { messages: 10 });
      this.subscribe("room", { since: ids[0] ?? "" });
    }
    override onMessage(given: Buffer) {
      this.publish("room", (id) => {
        ids.push(id);
        return given;
      });
      for (const other of handlers) if (other !== this) void other.writeMessage(given);
    }
  }
  class Squeezed extends Room {
    override getCompressionOptions() {
      return {};
    }
  }
  const server = await startServer([
    ["/", Room],
    ["/squeezed", Squeezed],
  ]);
  const [first, second] = [await open(server), await open(server)];
  const third = await open(
    server,
    "/squeezed",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n",
  );
  const inflated = async (): Promise<Buffer> => {
    const { first: head, payload } = await third.frame();
    assert.is(head, 0xc2);
    return zlib.inflateRawSync(Buffer.concat([payload, Buffer.of(0, 0, 255, 255)]), {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
  };
  const count = 5;
  for (let i = 0; i < count; i++) {
    const payload = message(50 * KiB, i);
    first.send(binary(payload));
    for (let copy = 0; copy < 2; copy++) {
      await second.gets(0x82, payload);
      assert.equal(await inflated(), payload);
    }
  }
  const late = await open(server);
  for (let i = 1; i < count; i++) await late.gets(0x82, message(50 * KiB, i));
});

t.run();
