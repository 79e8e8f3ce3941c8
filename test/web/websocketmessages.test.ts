/** Messages of WebSocketHandler in their order: open, onMessage, writeMessage, pings and pongs, errors, iteration. */
import * as assert from "uvu/assert";
import { WebSocketHandler } from "../../lib/index.ts";
import { deferred, until } from "../support/deferred.ts";
import { bare, binary, hex, masked, ping, pong, text } from "../support/frames.ts";
import { turns } from "../support/rawclient.ts";
import { loggedErrors, serverSuite, startServer } from "../support/servers.ts";
import { Echo, type Heard, listening, open } from "../support/websockets.ts";

const t = serverSuite("a WebSocketHandler");

for (const length of [0, 1, 125, 126, 127, 65_535, 65_536]) {
  t(`echoes ${length} bytes of text and of bytes`, async () => {
    const server = await startServer([["/", Echo]]);
    const peer = await open(server);
    const payload = Buffer.alloc(length, "a");
    peer.send(binary(payload));
    assert.equal(await received(peer, bare(0x82, payload).length), bare(0x82, payload));
    peer.send(masked(0x81, payload, 0xa1b2c3d4));
    assert.equal(await received(peer, bare(0x81, payload).length), bare(0x81, payload));
  });
}

async function received(
  peer: { client: { receives(wanted: RegExp): Promise<string> } },
  bytes: number,
): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let left = bytes; left > 0; ) {
    const part = Math.min(left, 30_000);
    parts.push(Buffer.from(await peer.client.receives(new RegExp(`^[^]{${part}}`)), "latin1"));
    left -= part;
  }
  return Buffer.concat(parts);
}

t("sends texts, bytes and objects, as text or as bytes", async () => {
  const long = "€".repeat(40_000);
  class Sending extends WebSocketHandler {
    override open() {
      this.writeMessage("grün");
      this.writeMessage({ a: 1, html: "</script>" });
      this.writeMessage(Buffer.from("bytes"));
      this.writeMessage(new Uint8Array([1, 2]));
      this.writeMessage("text", { binary: true });
      this.writeMessage(Buffer.from("also text"), { binary: false });
      this.writeMessage({ b: 2 }, { binary: true });
      this.writeMessage("");
      this.writeMessage(new Uint8Array(0));
      this.writeMessage(long);
      this.writeMessage("é".repeat(63));
    }
  }
  const server = await startServer([["/", Sending]]);
  const peer = await open(server);
  await peer.gets(0x81, "grün");
  const { payload } = await peer.frame();
  assert.equal(JSON.parse(payload.toString()), { a: 1, html: "</script>" });
  await peer.gets(0x82, "bytes");
  await peer.gets(0x82, hex("0102"));
  await peer.gets(0x82, "text");
  await peer.gets(0x81, "also text");
  await peer.gets(0x82, '{"b":2}');
  await peer.gets(0x81, "");
  await peer.gets(0x82, "");
  assert.equal(await received(peer, 120_010), bare(0x81, long));
  await peer.gets(0x81, "é".repeat(63));
});

t("refuses to send what is no message", async () => {
  const codes: unknown[] = [];
  class Sending extends WebSocketHandler {
    override open() {
      for (const value of [[1], null, undefined, 5, true, Symbol("x")]) {
        try {
          this.writeMessage(value as unknown as string);
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      this.writeMessage("done");
    }
  }
  const server = await startServer([["/", Sending]]);
  await (await open(server)).gets(0x81, "done");
  assert.equal(codes, Array(6).fill("ERR_HTTP_WRITE_TYPE"));
});

t("delivers no message before an asynchronous open() has settled", async () => {
  const gate = deferred();
  const heard: Heard = [];
  class Slow extends listening(heard) {
    override async open() {
      heard.push("opening");
      await gate.promise;
      heard.push("open");
    }
  }
  const server = await startServer([["/", Slow]]);
  const peer = await open(server);
  peer.send(text("a"), text("b"), ping("p"));
  await peer.client.staysOpen();
  assert.equal(heard, ["opening"]);
  gate.resolve();
  await peer.gets(0x81, "a");
  await peer.gets(0x81, "b");
  await peer.gets(0x8a, "p");
  assert.equal(heard, ["opening", "open", "message a", "message b", "ping p"]);
});

t("has the next message wait for the promise of the last", async () => {
  const gates = [deferred(), deferred()];
  const heard: Heard = [];
  class Slow extends WebSocketHandler {
    override async onMessage(message: string | Buffer) {
      heard.push(`> ${message}`);
      await gates[Number(message)]?.promise;
      heard.push(`< ${message}`);
      if (message === "2") await this.writeMessage("done");
    }
  }
  const server = await startServer([["/", Slow]]);
  const peer = await open(server);
  peer.send(text("0"), text("1"), text("2"));
  await until(() => heard.length === 1, "first message");
  await turns(3);
  gates[1]?.resolve();
  await turns(3);
  assert.equal(heard, ["> 0"]);
  gates[0]?.resolve();
  await peer.gets(0x81, "done");
  assert.equal(heard, ["> 0", "< 0", "> 1", "< 1", "> 2", "< 2"]);
});

t("waits for a thenable that calls back at once", async () => {
  const heard: Heard = [];
  class Thenable extends WebSocketHandler {
    override onMessage(message: string | Buffer) {
      heard.push(String(message));
      if (message === "3") void this.writeMessage("done");
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      return { then: (resolve: () => void) => resolve() };
    }
  }
  const server = await startServer([["/", Thenable]]);
  const peer = await open(server);
  peer.send(Buffer.concat([text("1"), text("2"), text("3")]));
  await peer.gets(0x81, "done");
  assert.equal(heard, ["1", "2", "3"]);
});

for (const [name, made] of [
  [
    "onMessage() throws",
    class extends Echo {
      override onMessage(): never {
        throw new Error("bad");
      }
    },
  ],
  [
    "onMessage() rejects",
    class extends Echo {
      override async onMessage() {
        throw new Error("bad");
      }
    },
  ],
  [
    "onMessage() rejects later",
    class extends Echo {
      override async onMessage() {
        await turns(2);
        throw new Error("bad");
      }
    },
  ],
  [
    "open() throws",
    class extends Echo {
      override open() {
        throw new Error("bad");
      }
    },
  ],
  [
    "open() rejects",
    class extends Echo {
      override async open() {
        throw new Error("bad");
      }
    },
  ],
  [
    "onPing() throws",
    class extends Echo {
      override onPing() {
        throw new Error("bad");
      }
    },
  ],
  [
    "onPing() rejects",
    class extends Echo {
      override async onPing() {
        throw new Error("bad");
      }
    },
  ],
  [
    "onPong() throws",
    class extends Echo {
      override onPong() {
        throw new Error("bad");
      }
    },
  ],
  [
    "onPong() rejects",
    class extends Echo {
      override async onPong() {
        throw new Error("bad");
      }
    },
  ],
] as const) {
  t(`logs an error, closes with 1011 and hears no more if ${name}`, async () => {
    let closes = 0;
    class Failing extends (made as typeof Echo) {
      override onClose() {
        closes++;
      }
    }
    const server = await startServer([["/", Failing]]);
    const peer = await open(server);
    peer.send(Buffer.concat([ping("x"), pong("x"), text("x"), text("y")]));
    const sent = await peer.client.readToEnd();
    assert.is(sent.toString("hex").slice(-8), "880203f3");
    peer.client.destroy();
    await until(() => closes === 1, "onClose");
    assert.equal(
      loggedErrors().map(({ error }) => (error as Error).message),
      ["bad"],
    );
    await open(server);
  });
}

t("says what is missing of a class without onMessage()", async () => {
  class Deaf extends WebSocketHandler {}
  const server = await startServer([["/", Deaf]]);
  const peer = await open(server);
  peer.send(text("x"));
  await peer.getsClose(1011);
  assert.match(String(loggedErrors()[0]?.error), /Deaf has neither/);
});

t("goes on if onClose() or logException() fails, now or later", async () => {
  class Failing extends Echo {
    override onMessage(): never {
      throw new Error("first");
    }
    override async logException() {
      throw new Error("second");
    }
    override async onClose() {
      throw new Error("third");
    }
  }
  const server = await startServer([["/", Failing]]);
  const peer = await open(server);
  peer.send(text("x"));
  await peer.getsClose(1011);
  peer.client.destroy();
  await until(() => loggedErrors().length === 2, "both in the log");
  assert.equal(
    loggedErrors().map(({ error }) => (error as Error).message),
    ["second", "third"],
  );
});

t.run();
