/** PerMessageDeflate: what is kept and what is shared under each agreement, thresholds, faults, texts and ends. */
import { inflateRawSync, constants as zlib } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COMPRESS_ASYNC_BYTES, keepable, SCRATCH_BYTES } from "../../lib/native/deflate.ts";
import { releaseSharedCodecs } from "../../lib/websocket/deflatepool.ts";
import {
  type DeflateSettings,
  type DeflateSide,
  PerMessageDeflate,
  textOf,
} from "../../lib/websocket/permessagedeflate.ts";

const KiB = 1024;
const hex = (text: string) => Buffer.from(text.replace(/\s/g, ""), "hex");
const HELLO = hex("f2 48 cd c9 c9 07 00");
const HELLO_AGAIN = hex("f2 00 11 00 00");

interface Wanted extends Partial<DeflateSettings> {
  readonly side?: DeflateSide;
  readonly serverForgets?: boolean;
  readonly clientForgets?: boolean;
  readonly serverBits?: number;
  readonly clientBits?: number;
}

function made(wanted: Wanted = {}): PerMessageDeflate {
  const agreement = {
    field: "",
    serverNoContextTakeover: wanted.serverForgets ?? false,
    clientNoContextTakeover: wanted.clientForgets ?? false,
    serverMaxWindowBits: wanted.serverBits ?? 15,
    clientMaxWindowBits: wanted.clientBits ?? 15,
  };
  return new PerMessageDeflate(agreement, wanted.side ?? "server", {
    memLevel: wanted.memLevel ?? 8,
    level: wanted.level ?? 6,
    thresholdBytes: wanted.thresholdBytes ?? 1,
    maxMessageBytes: wanted.maxMessageBytes ?? 1024 * KiB,
  });
}

/** The payload of a compressed message, copied. */
async function deflated(one: PerMessageDeflate, text: string): Promise<Buffer> {
  const bytes = await one.deflate(Buffer.from(text));
  assert.ok(bytes);
  return Buffer.from(bytes);
}

async function heard(one: PerMessageDeflate, bytes: Buffer): Promise<string | null> {
  const message = await one.inflate(bytes);
  return Buffer.isBuffer(message) ? textOf(message) : `fault ${message}`;
}

const agreed = suite("permessage-deflate");

agreed("keeps the context of both sides if nobody forbids it", async () => {
  const server = made();
  const client = made({ side: "client" });
  for (const [from, to] of [
    [server, client],
    [client, server],
  ] as const) {
    assert.equal(await deflated(from, "Hello"), HELLO);
    assert.equal(await deflated(from, "Hello"), HELLO_AGAIN);
    assert.is(await heard(to, HELLO), "Hello");
    assert.is(await heard(to, HELLO_AGAIN), "Hello");
  }
});

agreed("forgets what the server sends, if that is agreed on", async () => {
  const server = made({ serverForgets: true });
  assert.equal(await deflated(server, "Hello"), HELLO);
  assert.equal(await deflated(server, "Hello"), HELLO);
  assert.is(server.heldBytes, 0);
  const client = made({ side: "client", serverForgets: true });
  assert.is(await heard(client, HELLO), "Hello");
  assert.is(await heard(client, HELLO_AGAIN), "fault deflate");
  assert.is(client.heldBytes, 0);
  assert.equal(await deflated(client, "Hello"), HELLO);
  assert.equal(await deflated(client, "Hello"), HELLO_AGAIN);
});

agreed("forgets what the client sends, if that is agreed on", async () => {
  const client = made({ side: "client", clientForgets: true });
  assert.equal(await deflated(client, "Hello"), HELLO);
  assert.equal(await deflated(client, "Hello"), HELLO);
  const server = made({ clientForgets: true });
  assert.is(await heard(server, HELLO), "Hello");
  assert.is(await heard(server, HELLO_AGAIN), "fault deflate");
  assert.equal(await deflated(server, "Hello"), HELLO);
  assert.equal(await deflated(server, "Hello"), HELLO_AGAIN);
});

agreed("shares no context between connections that share a compressor", async () => {
  const [one, other] = [made({ serverForgets: true }), made({ serverForgets: true })];
  const text = "a rather long text that others must not refer to ".repeat(3);
  const first = await deflated(one, text);
  assert.equal(await deflated(other, text), first);
  assert.is(inflateRawSync(first, { finishFlush: zlib.Z_SYNC_FLUSH }).toString(), text);
});

agreed("compresses from the threshold on", () => {
  const one = made({ thresholdBytes: 100 });
  assert.equal(
    [0, 99, 100, 101].map((length) => one.compresses(length)),
    [false, false, true, true],
  );
  assert.is(made({ thresholdBytes: 0 }).compresses(0), true);
});

agreed("uses the window that is agreed on for its side", async () => {
  const repeat = Array.from({ length: 600 }, (_, at) => String.fromCharCode(33 + ((at * at) % 89)));
  const text = repeat.join("").slice(0, 600);
  for (const side of ["server", "client"] as const) {
    const narrow = side === "server" ? { serverBits: 9 } : { clientBits: 9 };
    const one = made({ side, ...narrow, serverForgets: true, clientForgets: true });
    assert.is(one.sendBits, 9);
    const bytes = await deflated(one, text + text);
    const back = inflateRawSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH, windowBits: 9 });
    assert.is(back.toString(), text + text);
  }
});

agreed("starts over after a message that was compressed elsewhere", async () => {
  const server = made();
  const client = made({ side: "client" });
  assert.is(await heard(client, await deflated(server, "Hello")), "Hello");
  // One for many: not of this connection's context.
  assert.is(await heard(client, await deflated(made({ serverForgets: true }), "Others")), "Others");
  server.forgetSent();
  assert.is(await heard(client, await deflated(server, "Hello")), "Hello");
  assert.is(await heard(client, await deflated(server, "Hello")), "Hello");
});

for (const forgets of [false, true]) {
  const how = forgets ? "without" : "with";
  agreed(`does long messages elsewhere, in order, ${how} context`, async () => {
    const server = made({ serverForgets: forgets });
    const client = made({ side: "client", serverForgets: forgets });
    const long = "0123456789abcdef ".repeat(20_000);
    for (const text of ["short", long, "short", long.slice(0, COMPRESS_ASYNC_BYTES), ""]) {
      const payload = server.deflate(Buffer.from(text));
      assert.is(payload instanceof Promise, text.length >= COMPRESS_ASYNC_BYTES);
      const bytes = Buffer.from((await payload) ?? hex(""));
      const message = client.inflate(bytes);
      assert.is(message instanceof Promise, text.length > SCRATCH_BYTES);
      const whole = await message;
      assert.is(Buffer.isBuffer(whole) && textOf(whole), text);
    }
  });
}

agreed("lets several connections have long messages made at a time", async () => {
  const text = "several at a time ".repeat(20_000);
  const servers = Array.from({ length: 6 }, () => made({ serverForgets: true }));
  const made6 = await Promise.all(servers.map((one) => deflated(one, text)));
  for (const bytes of made6) assert.equal(bytes, made6[0]);
  const clients = servers.map(() => made({ side: "client", serverForgets: true }));
  const texts = await Promise.all(clients.map((one, at) => heard(one, made6[at] ?? hex(""))));
  for (const heardText of texts) assert.is(heardText, text);
  releaseSharedCodecs();
  assert.equal(await deflated(servers[0] ?? made(), text), made6[0]);
});

for (const forgets of [false, true]) {
  const how = forgets ? "without" : "with";
  for (const most of [100, 100 * KiB]) {
    agreed(`refuses more than ${most} bytes ${how} context`, async () => {
      const sender = made({ side: "client" });
      const exact = await deflated(sender, "x".repeat(most));
      const one = made({ clientForgets: forgets, maxMessageBytes: most });
      assert.is((await heard(one, exact))?.length, most);
      const small = made({ clientForgets: forgets, maxMessageBytes: most - 1 });
      assert.is(await heard(small, exact), "fault inflatesTooBig");
      assert.is(small.heldBytes, 0);
    });
  }
  agreed(`names what cannot be decompressed, ${how} context`, async () => {
    const one = made({ clientForgets: forgets });
    assert.is(await heard(one, hex("ff ff")), "fault deflate");
    assert.is(await heard(one, Buffer.alloc(100 * KiB, 0xff)), "fault deflate");
  });
}

agreed("tells a text that is not UTF-8 from one with U+FFFD in it", () => {
  assert.is(textOf(Buffer.from("Größe € 😀 \ufffd")), "Größe € 😀 \ufffd");
  assert.is(textOf(hex("efbbbf 61")), "\ufeffa");
  for (const bytes of ["80", "c0af", "e282", "eda080", "f4908080", "61ff"]) {
    assert.is(textOf(hex(bytes)), null);
  }
});

agreed("holds memory from its first message on, until it is released", async () => {
  const [server, client] = [made(), made({ side: "client" })];
  assert.is(server.heldBytes + client.heldBytes, 0);
  assert.is(await heard(client, await deflated(server, "Hello")), "Hello");
  assert.ok(server.heldBytes > 200 * KiB);
  assert.ok(client.heldBytes > 32 * KiB);
  server.release();
  client.release();
  assert.is(server.heldBytes, 0);
  assert.is(client.heldBytes, 5);
  assert.is(await heard(client, HELLO_AGAIN), "Hello");
  assert.is(await heard(client, await deflated(server, "Hello")), "Hello");
});

agreed("is closed once, whatever is open", async () => {
  const one = made();
  const payload = one.deflate(Buffer.alloc(1024 * KiB));
  one.close();
  one.close();
  assert.is(await payload, null);
  assert.is(one.heldBytes, 0);
  assert.throws(() => one.deflate(Buffer.from("x")), /closed/);
  assert.throws(() => one.inflate(HELLO), /closed/);
});

agreed("has messages kept that the next one would overwrite", () => {
  const one = made();
  const message = one.inflate(HELLO);
  assert.ok(Buffer.isBuffer(message));
  const kept = keepable(message as Buffer);
  one.inflate(hex("00"));
  one.inflate(Buffer.from(made().deflate(Buffer.from("World")) as Buffer));
  assert.is(kept.toString(), "Hello");
});

agreed.run();
