/**
 * Messages of every size up to 16 MiB, as text and as bytes, whole, in fragments and in small pieces, echoed byte for byte;
 * and what a read of the socket brings, wherever frames end in it.
 */
import * as assert from "uvu/assert";
import { bare, frameHead, masked, ping, text } from "../support/frames.ts";
import { serverSuite, startServer } from "../support/servers.ts";
import { Echo, handshake, open, type Peer } from "../support/websockets.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
/** Most that the server reads of one socket at once. */
const READ_BYTES = 128 * KiB;
const PATIENT = { deadlineMs: 30_000 };

class LargeEcho extends Echo {
  static override readonly websocket = { maxMessageBytes: 16 * MiB };
}

/** Text with characters of one to four bytes: a cut anywhere is a cut in a character somewhere. */
function textOf(length: number): Buffer {
  const part = Buffer.from("κόσμε 0123456789 größe € 😀 ");
  const whole = Buffer.alloc(length, part);
  // What the last character lacks is made up for.
  for (let at = length - (length % part.length); at < length; at++) whole[at] = 0x2e;
  return whole;
}

/** Bytes without a short period. */
function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 167 + (i >> 8) * 31 + (i >> 16)) & 0xff;
  return bytes;
}

/** A message in fragments of so many bytes. */
function fragments(opcode: number, payload: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    const isLast = at + size >= payload.length;
    const first = (at === 0 ? opcode : 0) | (isLast ? 0x80 : 0);
    parts.push(frameHead(first, Math.min(size, payload.length - at), 0x80), Buffer.alloc(4));
    parts.push(payload.subarray(at, at + size));
  }
  return Buffer.concat(parts);
}

async function comesBack(peer: Peer, wanted: Buffer): Promise<void> {
  const got = await peer.client.bytes(wanted.length);
  if (got.equals(wanted)) return;
  const at = got.findIndex((byte, i) => byte !== wanted[i]);
  throw new Error(`of ${wanted.length} bytes that at ${at} differs`);
}

const t = serverSuite("an echo of");

for (const size of [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB]) {
  t(`${size} bytes in one frame is what was sent, as text and as bytes`, async () => {
    const peer = await open(await startServer([["/", LargeEcho]]), "/", "", PATIENT);
    const [words, bytes] = [textOf(size), bytesOf(size)];
    peer.send(masked(0x81, words, 0x01020304));
    await comesBack(peer, bare(0x81, words));
    peer.send(masked(0x82, bytes, 0xfedcba98));
    await comesBack(peer, bare(0x82, bytes));
    await peer.client.staysOpen();
  });
}

for (const size of [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB]) {
  t(`4 MiB in fragments of ${size} bytes is one message, as text and as bytes`, async () => {
    const peer = await open(await startServer([["/", LargeEcho]]), "/", "", PATIENT);
    const [words, bytes] = [textOf(4 * MiB), bytesOf(4 * MiB)];
    peer.send(fragments(0x01, words, size));
    await comesBack(peer, bare(0x81, words));
    peer.send(fragments(0x02, bytes, size));
    await comesBack(peer, bare(0x82, bytes));
    await peer.client.staysOpen();
  });
}

for (const size of [64, 128, 256, 512, KiB, 2 * KiB]) {
  t(`1 MiB that comes in pieces of ${size} bytes is what was sent`, async () => {
    const peer = await open(await startServer([["/", LargeEcho]]), "/", "", PATIENT);
    const words = textOf(MiB);
    const frame = masked(0x81, words, 0x01020304);
    for (let at = 0; at < frame.length; at += size) peer.send(frame.subarray(at, at + size));
    await comesBack(peer, bare(0x81, words));
    await peer.client.staysOpen();
  });
}

for (const size of [0, 16, 64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB]) {
  t(`${size} bytes, 100 times in turn, is what was sent, as text and as bytes`, async () => {
    const peer = await open(await startServer([["/", LargeEcho]]));
    const [words, bytes] = [textOf(size), bytesOf(size)];
    for (let i = 0; i < 100; i++) {
      peer.send(masked(0x81, words, i + 1));
      await comesBack(peer, bare(0x81, words));
      peer.send(masked(0x82, bytes, i + 1));
      await comesBack(peer, bare(0x82, bytes));
    }
  });
}

t.run();

const reads = serverSuite("what one read brings");

for (const edge of [READ_BYTES / 2, READ_BYTES, 2 * READ_BYTES]) {
  reads(`may end at any byte of a frame's head, mask and payload, at ${edge} bytes`, async () => {
    const server = await startServer([["/", LargeEcho]]);
    const behind = Buffer.concat([
      ping("p"),
      masked(0x81, textOf(300), 0x01020304),
      masked(0x01, "a", 0x11223344),
      masked(0x80, "b", 0x55667788),
      masked(0x82, bytesOf(70_000), 0xa1b2c3d4),
    ]);
    const answer = Buffer.concat([
      bare(0x8a, "p"),
      bare(0x81, textOf(300)),
      bare(0x81, "ab"),
      bare(0x82, bytesOf(70_000)),
    ]);
    for (let before = 0; before <= 32; before++) {
      const peer = await open(server, "/", "", PATIENT);
      const payload = bytesOf(edge - before - 14);
      peer.send(Buffer.concat([masked(0x82, payload, 0x0a0b0c0d), behind]));
      await comesBack(peer, Buffer.concat([bare(0x82, payload), answer]));
      peer.client.destroy();
    }
  });
}

reads("may hold many messages, and parts of them, of all sizes", async () => {
  const peer = await open(await startServer([["/", LargeEcho]]), "/", "", PATIENT);
  const sent: Buffer[] = [];
  const wanted: Buffer[] = [];
  for (let i = 0, size = 1; i < 400; i++) {
    size = (size * 7919 + i) % (i % 10 === 0 ? 200_000 : 4000);
    const payload = textOf(size);
    sent.push(i % 3 === 0 ? fragments(0x01, payload, 999) : masked(0x81, payload, i + 1));
    wanted.push(bare(0x81, payload));
  }
  peer.send(Buffer.concat(sent));
  await comesBack(peer, Buffer.concat(wanted));
  await peer.client.staysOpen();
});

reads("may hold the handshake and more than a read behind it", async () => {
  const { connect } = await startServer([["/", LargeEcho]]);
  for (const size of [100, READ_BYTES - 400, READ_BYTES, 3 * READ_BYTES]) {
    const client = await connect(PATIENT);
    const payload = bytesOf(size);
    const frames = [masked(0x82, payload, 0x01020304), text("last")];
    void client.send(Buffer.concat([Buffer.from(handshake()), ...frames]));
    assert.match(await client.receives("\r\n\r\n"), /^HTTP\/1\.1 101 /);
    const wanted = Buffer.concat([bare(0x82, payload), bare(0x81, "last")]);
    assert.ok(wanted.equals(await client.bytes(wanted.length)), `${size}`);
  }
});

reads.run();
