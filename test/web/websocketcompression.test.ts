/** permessage-deflate on connections of WebSocketHandler: what is agreed on, order, limits, threads, memory. */
import * as zlib from "node:zlib";
import * as assert from "uvu/assert";
import {
  type CodedError,
  type WebSocketCompressionOptions,
  WebSocketHandler,
} from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { close, closing, hex, masked, ping, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, handshake, open } from "../support/websockets.ts";

const MESSAGE = "Hello world. Testing 123 123";
const OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";

class Compressing extends Echo {
  override getCompressionOptions(): WebSocketCompressionOptions | null {
    return {};
  }
}

function withOptions(options: WebSocketCompressionOptions): typeof Compressing {
  return class extends Compressing {
    override getCompressionOptions() {
      return options;
    }
  };
}

function deflated(payload: string | Buffer, options: zlib.ZlibOptions = {}): Buffer {
  const bytes = zlib.deflateRawSync(payload, {
    finishFlush: zlib.constants.Z_SYNC_FLUSH,
    ...options,
  });
  return bytes.subarray(0, -4);
}

/** Decompresses what a server sends, with the window of what came before. */
function inflater(keepsContext = true) {
  const parts: Buffer[] = [];
  let length = 0;
  return (payload: Buffer): string => {
    if (!keepsContext) parts.length = length = 0;
    parts.push(payload, hex("0000ffff"));
    const all = zlib.inflateRawSync(Buffer.concat(parts), {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
    const text = all.toString("utf8", length);
    length = all.length;
    return text;
  };
}

const t = serverSuite("a compressed WebSocket");

for (const [name, frames] of [
  [
    "compressed",
    hex(
      "c1 9c 00 00 00 00 f2 48 cd c9 c9 57 28 cf 2f ca 49 d1 53 08 49 2d 2e c9 cc 4b 57 30 34 32 06 61 00 00",
    ),
  ],
  [
    "not compressed",
    hex(
      "81 9c 00 00 00 00 48 65 6c 6c 6f 20 77 6f 72 6c 64 2e 20 54 65 73 74 69 6e 67 20 31 32 33 20 31 32 33",
    ),
  ],
  [
    "compressed, in two fragments",
    hex(
      "41 85 00 00 00 00 f2 48 cd c9 c9 80 97 00 00 00 00 57 28 cf 2f ca 49 d1 53 08 49 2d 2e c9 cc 4b 57 30 34 32 06 61 00 00",
    ),
  ],
] as const) {
  t(`answers a message that is ${name} with a compressed one`, async () => {
    const server = await startServer([["/comp", Compressing]]);
    const peer = await open(server, "/comp", OFFER);
    assert.match(peer.head, /\r\nSec-WebSocket-Extensions: permessage-deflate[;\r]/);
    peer.send(frames);
    const { first, payload } = await peer.frame();
    assert.is(first, 0xc1);
    assert.is(inflater()(payload), MESSAGE);
  });
}

t("keeps the window from message to message", async () => {
  const server = await startServer([["/comp", Compressing]]);
  const peer = await open(server, "/comp", OFFER);
  peer.send(Buffer.concat([text(MESSAGE), text(MESSAGE), text(MESSAGE)]));
  const inflate = inflater();
  const sizes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const { payload } = await peer.frame();
    assert.is(inflate(payload), MESSAGE);
    sizes.push(payload.length);
  }
  assert.ok((sizes[1] ?? 0) < (sizes[0] ?? 0) && (sizes[2] ?? 0) < (sizes[0] ?? 0), `${sizes}`);
});

t("keeps no window if the client asks for none", async () => {
  const server = await startServer([["/comp", Compressing]]);
  const peer = await open(
    server,
    "/comp",
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n",
  );
  const field = /Sec-WebSocket-Extensions: (.*)\r\n/.exec(peer.head)?.[1] ?? "";
  assert.equal(field.split("; ").sort(), [
    "client_no_context_takeover",
    "permessage-deflate",
    "server_no_context_takeover",
  ]);
  const inflate = inflater(false);
  for (let i = 0; i < 3; i++) {
    peer.send(masked(0xc1, deflated(MESSAGE)));
    const { payload } = await peer.frame();
    assert.is(inflate(payload), MESSAGE);
  }
});

for (const [offer, wanted, options = {}] of [
  ["permessage-deflate", "permessage-deflate"],
  ["permessage-deflate; client_max_window_bits", "permessage-deflate"],
  [
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=10",
    { clientMaxWindowBits: 10 },
  ],
  [
    "permessage-deflate; client_max_window_bits=12",
    "permessage-deflate; client_max_window_bits=12",
  ],
  [
    "permessage-deflate; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=10",
  ],
  [
    'permessage-deflate; server_max_window_bits="10"',
    "permessage-deflate; server_max_window_bits=10",
  ],
  [
    "permessage-deflate; server_max_window_bits=12",
    "permessage-deflate; server_max_window_bits=9",
    { serverMaxWindowBits: 9 },
  ],
  [
    "permessage-deflate",
    "permessage-deflate; server_no_context_takeover",
    { serverNoContextTakeover: true },
  ],
  ["permessage-deflate; server_max_window_bits=8", null],
  ["permessage-deflate; server_max_window_bits=16", null],
  ["permessage-deflate; server_max_window_bits", null],
  ["permessage-deflate; server_max_window_bits=010", null],
  ["permessage-deflate; client_max_window_bits=7", null],
  ["permessage-deflate; unknown", null],
  ["permessage-deflate; unknown=1", null],
  ["permessage-deflate; server_no_context_takeover; server_no_context_takeover", null],
  ["permessage-deflate; server_no_context_takeover=1", null],
  ["permessage-bzip2", null],
  ["x-webkit-deflate-frame, permessage-deflate; unknown, permessage-deflate", "permessage-deflate"],
  [
    "permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=11",
    "permessage-deflate; server_max_window_bits=11",
  ],
] as readonly (readonly [string, string | null, WebSocketCompressionOptions?])[]) {
  t(`answers the offer "${offer}" with ${wanted} (${JSON.stringify(options)})`, async () => {
    const server = await startServer([["/", withOptions(options)]]);
    const peer = await open(server, "/", `Sec-WebSocket-Extensions: ${offer}\r\n`);
    const field = /Sec-WebSocket-Extensions: (.*)\r\n/.exec(peer.head)?.[1] ?? null;
    assert.is(field, wanted);
    peer.send(text(MESSAGE));
    const { first, payload } = await peer.frame();
    assert.is(first, wanted === null ? 0x81 : 0xc1);
    assert.is(wanted === null ? payload.toString() : inflater()(payload), MESSAGE);
  });
}

t("is off unless asked for, and may be a setting", async () => {
  const off = await startServer([["/", Echo]]);
  assert.not.match((await open(off, "/", OFFER)).head, /Extensions/);
  for (const websocketCompression of [true, { level: 1 }]) {
    const on = await startServer([["/", Echo]], {}, { websocketCompression });
    assert.match(
      (await open(on, "/", OFFER)).head,
      /Sec-WebSocket-Extensions: permessage-deflate\r\n/,
    );
  }
});

t("answers 500 to a handshake if an option is unknown", async () => {
  const { connect } = await startServer([
    ["/", withOptions({ levels: 1 } as WebSocketCompressionOptions)],
  ]);
  const client = await connect();
  void client.send(handshake("/", OFFER));
  assert.is((await client.readFinalResponse()).status, 500);
  assert.is((loggedErrors()[0]?.error as CodedError | undefined)?.code, "ERR_UNKNOWN_OPTION");
});

t("sends messages below the threshold as they are", async () => {
  const server = await startServer([["/", withOptions({ thresholdBytes: 10 })]]);
  const peer = await open(server, "/", OFFER);
  for (const [length, first] of [
    [9, 0x81],
    [10, 0xc1],
    [11, 0xc1],
  ] as const) {
    peer.send(text("a".repeat(length)));
    assert.is((await peer.frame()).first, first);
  }
});

t("keeps the order of messages though long ones are compressed by other threads", async () => {
  const long = Array.from({ length: 20_000 }, (_, i) => `${i} `).join("");
  const made = deferred<Promise<void>[]>();
  class Sending extends WebSocketHandler {
    override getCompressionOptions() {
      return {};
    }
    override open() {
      const sent: Promise<void>[] = [];
      for (let i = 0; i < 5; i++) {
        sent.push(this.writeMessage(`short message number ${i}`));
        sent.push(this.writeMessage(long));
        sent.push(this.writeMessage(Buffer.from(long)));
        sent.push(this.writeMessage("tiny"));
        assert.ok(this.bufferedBytes > 0);
      }
      this.close(1000, "last");
      made.resolve(sent);
    }
  }
  const server = await startServer([["/", Sending]]);
  const peer = await open(server, "/", OFFER);
  const inflate = inflater();
  for (let i = 0; i < 5; i++) {
    assert.is(inflate((await peer.frame()).payload), `short message number ${i}`);
    const one = await peer.frame();
    assert.is(one.first, 0xc1);
    assert.is(inflate(one.payload), long);
    const two = await peer.frame();
    assert.is(two.first, 0xc2);
    assert.is(inflate(two.payload), long);
    await peer.gets(0x81, "tiny");
  }
  await peer.gets(0x88, closing(1000, "last"));
  peer.send(close(1000));
  await peer.client.closed();
  await Promise.all(await made.promise);
});

t("answers the client's close frame behind what is being compressed", async () => {
  const long = "abcdefgh".repeat(10_000);
  const server = await startServer([["/", Compressing]]);
  const peer = await open(server, "/", OFFER);
  peer.send(text(long), close(1001));
  assert.is(inflater()((await peer.frame()).payload), long);
  await peer.getsClose(1001);
});

t("has the next message wait for one that is decompressed by another thread", async () => {
  const long = Array.from({ length: 40_000 }, (_, i) => `${i * 7919} `).join("");
  const heard: string[] = [];
  class Hearing extends WebSocketHandler {
    override getCompressionOptions() {
      return {};
    }
    override onMessage(message: string | Buffer) {
      heard.push(message === long ? "long" : String(message));
    }
    override onPing() {
      heard.push("ping");
    }
  }
  const server = await startServer([["/", Hearing]]);
  const peer = await open(server, "/", OFFER);
  const frame = masked(0xc1, deflated(long));
  assert.ok(frame.length > 64 * 1024);
  peer.send(Buffer.concat([text("a"), frame, text("b"), ping(), text("c"), close(1000)]));
  await peer.gets(0x8a);
  await peer.getsClose(1000);
  assert.equal(heard, ["a", "long", "b", "ping", "c"]);
});

// Limits.

for (const [name, length, closes] of [
  ["takes as much as maxMessageBytes", 100_000, false],
  ["closes with 1009 over it, by one byte", 100_001, true],
  ["closes with 1009 at a bomb", 50_000_000, true],
] as const) {
  t(`${name} after decompression`, async () => {
    let got = 0;
    class Limited extends Compressing {
      static override readonly websocket = { maxMessageBytes: 100_000 };
      override onMessage(message: string | Buffer) {
        got = message.length;
        return this.writeMessage("ok");
      }
    }
    const server = await startServer([["/", Limited]]);
    const peer = await open(server, "/", OFFER);
    const before = process.memoryUsage().rss;
    peer.send(masked(0xc2, deflated(Buffer.alloc(length))));
    if (closes) {
      assert.is(await peer.getsClose(1009), "message too big after decompression");
      assert.is(got, 0);
    } else {
      await peer.gets(0x81, "ok");
      assert.is(got, length);
    }
    assert.ok(process.memoryUsage().rss - before < 48 * 1024 * 1024);
  });
}

t("closes with 1009 if the compressed bytes alone are more", async () => {
  class Limited extends Compressing {
    static override readonly websocket = { maxMessageBytes: 1000 };
  }
  const server = await startServer([["/", Limited]]);
  const peer = await open(server, "/", OFFER);
  peer.send(masked(0xc2, Buffer.alloc(5000)));
  assert.is(await peer.getsClose(1009), "message too big");
});

for (const end of ["by a RST", "by close()"] as const) {
  t(`can end ${end} while other threads are at work`, async () => {
    const long = Array.from({ length: 100_000 }, (_, i) => `${i * 7919} `).join("");
    const states: unknown[] = [];
    let closes = 0;
    class Ending extends Compressing {
      override open() {
        for (let i = 0; i < 3; i++) {
          this.writeMessage(long).then(
            () => states.push("sent"),
            (error: CodedError) => states.push(error.code),
          );
        }
      }
      override onClose() {
        closes++;
      }
    }
    const server = await startServer([["/", Ending]]);
    const peer = await open(server, "/", OFFER);
    peer.send(masked(0xc1, deflated(long)));
    await turns(1);
    if (end === "by a RST") peer.client.abort();
    else {
      peer.send(close(1000));
      await turns(3);
      peer.client.destroy();
    }
    await until(() => closes === 1 && states.length === 3, "end");
    await turns(3);
    assert.equal(loggedErrors(), []);
  });
}

t.run();
