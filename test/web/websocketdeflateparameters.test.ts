/** permessage-deflate with each combination of its parameters, messages of 16 B to 128 KiB, whole and in fragments. */
import * as assert from "uvu/assert";
import { IOLoop } from "../../lib/index.ts";
import { until } from "../support/deferred.ts";
import { DeflatePeer } from "../support/deflatepeer.ts";
import { frameHead, masked } from "../support/frames.ts";
import { noise } from "../support/noise.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, open } from "../support/websockets.ts";

const KiB = 1024;
const SIZES = [0, 15, 16, 64, 256, KiB, 4 * KiB, 8 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 128 * KiB];
/** Bytes of a fragment of the compressed message; 0 = one frame. */
const FRAGMENTS = [0, 1, 256, KiB, 4 * KiB, 32 * KiB];
/** The server sends shorter messages as they are. */
const THRESHOLD_BYTES = 16;

class Compressing extends Echo {
  override getCompressionOptions() {
    return {};
  }
}

/** Text that refers far back, with a part that is like nothing before it. */
function textOf(length: number, seed: number): Buffer {
  const words = `{"seed":${seed},"name":"size","values":[${seed * 7919},${seed * 104_729}],"ok":true} `;
  const bytes = Buffer.alloc(length, words);
  const random = Buffer.from(
    noise(length >> 2)
      .toString("hex")
      .slice(0, length >> 2),
  );
  random.copy(bytes, length >> 1);
  return bytes;
}

function framesOfClient(first: number, payload: Buffer, size: number): Buffer {
  if (size === 0) return masked(first, payload, 0x01020304);
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    const isLast = at + size >= payload.length;
    const byte = (at === 0 ? first & 0x7f : 0) | (isLast ? 0x80 : 0);
    parts.push(frameHead(byte, part.length, 0x80), Buffer.alloc(4), part);
  }
  return Buffer.concat(parts);
}

const t = serverSuite("permessage-deflate with the offer");

for (const serverBits of [null, 9, 10, 15]) {
  for (const clientBits of [null, 9, 15]) {
    for (const forgets of ["", "server", "client", "both"]) {
      const serverForgets = forgets === "server" || forgets === "both";
      const clientForgets = forgets === "client" || forgets === "both";
      const parameters = [
        ...(serverForgets ? ["server_no_context_takeover"] : []),
        ...(clientForgets ? ["client_no_context_takeover"] : []),
        ...(serverBits === null ? [] : [`server_max_window_bits=${serverBits}`]),
        ...(clientBits === null ? [] : [`client_max_window_bits=${clientBits}`]),
      ];
      const offer = ["permessage-deflate", ...parameters].join("; ");
      t(`${offer} is what both sides keep to`, async () => {
        const server = await startServer([["/", Compressing]]);
        const peer = await open(server, "/", `Sec-WebSocket-Extensions: ${offer}\r\n`);
        const field = /\r\nSec-WebSocket-Extensions: (.*)\r\n/.exec(peer.head)?.[1] ?? "";
        assert.equal(field.split("; ").sort(), ["permessage-deflate", ...parameters].sort());
        const client = new DeflatePeer({
          sendBits: clientBits ?? 15,
          sendKeeps: !clientForgets,
          receiveBits: serverBits ?? 15,
          receiveKeeps: !serverForgets,
        });
        let count = 0;
        for (const size of SIZES) {
          for (const fragment of FRAGMENTS) {
            // One frame is all there is, or too many of them.
            if (fragment > 0 && (fragment >= size || size / fragment > 256)) continue;
            count++;
            const isText = count % 3 !== 0;
            const message = isText ? textOf(size, count) : noise(size);
            const first = isText ? 0x81 : 0x82;
            const payload = await client.deflate(message);
            peer.send(framesOfClient(first | 0x40, payload, fragment));
            const answer = await peer.frame();
            const isCompressed = size >= THRESHOLD_BYTES;
            assert.is(answer.first, isCompressed ? first | 0x40 : first, `${size}`);
            const got = isCompressed ? await client.inflate(answer.payload) : answer.payload;
            assert.ok(got.equals(message), `${size} bytes in fragments of ${fragment}`);
          }
        }
        await peer.client.staysOpen();
        assert.equal(loggedErrors(), []);
      });
    }
  }
}

t("of several is the first that can be taken", async () => {
  const server = await startServer([["/", Compressing]]);
  const offers = [
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; unknown",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
    "permessage-deflate",
  ].join(", ");
  const peer = await open(server, "/", `Sec-WebSocket-Extensions: ${offers}\r\n`);
  assert.match(
    peer.head,
    /\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; server_max_window_bits=9\r\n/,
  );
  const client = new DeflatePeer({
    sendBits: 15,
    sendKeeps: true,
    receiveBits: 9,
    receiveKeeps: false,
  });
  for (let i = 0; i < 3; i++) {
    const message = textOf(5000, i);
    peer.send(masked(0xc1, await client.deflate(message)));
    assert.ok((await client.inflate((await peer.frame()).payload)).equals(message));
  }
});

t.run();

const silence = serverSuite("a compressed connection without messages for a minute");

for (const [name, offer, forgets] of [
  ["gives back its window", "permessage-deflate", false],
  ["that keeps no window goes on", "permessage-deflate; server_no_context_takeover", true],
] as const) {
  silence(`${name}: its next message refers to none before it`, async () => {
    const server = await startServer([["/", Compressing]]);
    const peer = await open(server, "/", `Sec-WebSocket-Extensions: ${offer}\r\n`);
    const client = new DeflatePeer({
      sendBits: 15,
      sendKeeps: true,
      receiveBits: 15,
      receiveKeeps: !forgets,
    });
    const message = textOf(2000, 1);
    const echo = async (): Promise<[sent: number, received: number]> => {
      const payload = await client.deflate(message);
      peer.send(masked(0xc1, payload));
      const answer = await peer.frame();
      assert.ok((await client.inflate(answer.payload)).equals(message));
      return [payload.length, answer.payload.length];
    };
    const [sentFirst, first] = await echo();
    const isAsAgreed = (length: number) => (forgets ? length === first : length < 100);
    const [, second] = await echo();
    assert.ok(isAsAgreed(second), `${second} of ${first} bytes`);
    // Not silent for long enough, however often that is.
    for (let i = 0; i < 5; i++) {
      server.clock.advance(20_000);
      const [, now] = await echo();
      assert.ok(isAsAgreed(now), `${now} of ${first} bytes`);
    }
    for (let i = 0; i < 2; i++) server.clock.advance(31_000);
    // What the client sends refers to its messages of before the silence, which the server knows all the same.
    const [sentLast, last] = await echo();
    assert.ok(sentLast < 100, `${sentLast} of ${sentFirst} bytes`);
    assert.is(last, first);
    assert.ok(isAsAgreed((await echo())[1]));
    assert.equal(loggedErrors(), []);
  });
}

silence(
  "costs no deadline of its own: all have one, which ends with the last of them",
  async () => {
    const server = await startServer([["/", Compressing]]);
    const { wheel } = IOLoop.current();
    const forgetting = "server_no_context_takeover; client_no_context_takeover";
    const fields = "Sec-WebSocket-Extensions: permessage-deflate";
    const none = await open(server, "/", `${fields}; ${forgetting}\r\n`);
    assert.is(wheel.size, 0);
    const peers = [];
    for (let i = 0; i < 10; i++) peers.push(await open(server, "/", `${fields}\r\n`));
    assert.is(wheel.size, 1);
    for (const { client } of peers) client.abort();
    await until(() => wheel.size === 0, "the end of the last of them");
    const another = await open(server, "/", `${fields}\r\n`);
    assert.is(wheel.size, 1);
    another.client.abort();
    await until(() => wheel.size === 0, "its end");
    none.client.assertOpen();
  },
);

silence("of which another thread is at work on one is left alone", async () => {
  const server = await startServer([["/", Compressing]]);
  const peer = await open(server, "/", "Sec-WebSocket-Extensions: permessage-deflate\r\n");
  const client = new DeflatePeer({
    sendBits: 15,
    sendKeeps: true,
    receiveBits: 15,
    receiveKeeps: true,
  });
  const long = Buffer.from(noise(1024 * KiB).toString("hex"));
  peer.send(masked(0xc1, await client.deflate(long)));
  const answer = peer.frame();
  let isThere = false;
  void answer.then(() => {
    isThere = true;
  });
  while (!isThere) {
    server.clock.advance(31_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok((await client.inflate((await answer).payload)).equals(long));
  peer.send(masked(0xc1, await client.deflate(textOf(2000, 1))));
  assert.ok((await client.inflate((await peer.frame()).payload)).equals(textOf(2000, 1)));
  assert.equal(loggedErrors(), []);
});

silence.run();
