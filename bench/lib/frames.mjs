// Frames of WebSockets, for the load generator: a client's, masked and ready to send, and the
// reading of a server's. RFC 6455 §5.2. Used by fleet.mjs and sockets.mjs.

import { createHash, randomBytes } from "node:crypto";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";

const FIN = 0x80;
const RSV1 = 0x40;
const OP_TEXT = 1;
const OP_BINARY = 2;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The tail that a compressed message is sent without. RFC 7692 §7.2.1. */
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const acceptMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A message: { payload, isText, isCompressed }; its payload is not compressed here. */

/** A message as a client sends it, under a mask of its own. */
export function clientFrame({ payload, isText, isCompressed }) {
  const bytes = isCompressed ? deflate(payload) : payload;
  const mask = randomBytes(4);
  const masked = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i++) masked[i] = bytes[i] ^ mask[i & 3];
  const first = FIN | (isCompressed ? RSV1 : 0) | (isText ? OP_TEXT : OP_BINARY);
  return Buffer.concat([frameHead(first, bytes.length, MASKED), mask, masked]);
}

/** How many bytes a message has that is neither masked nor compressed. */
export function serverFrameBytes({ payload }) {
  return frameHead(0, payload.length, 0).length + payload.length;
}

/**
 * Reads the frame at the beginning of some bytes, which a server has sent.
 *
 * @returns { payload, isText, isCompressed, frameBytes }, or null if it is not all there
 * @throws Error if it is no unmasked message of one frame
 */
export function readServerFrame(bytes) {
  if (bytes.length < 2) return null;
  const [first, second] = bytes;
  const opcode = first & 0x0f;
  const isData = (first & FIN) !== 0 && (opcode === OP_TEXT || opcode === OP_BINARY);
  if (!isData || second >= MASKED) {
    throw new Error(`a frame begins with ${bytes.subarray(0, 16).toString("hex")}`);
  }
  let length = second;
  let at = 2;
  if (length === LENGTH_16) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    at = 4;
  } else if (length === LENGTH_64) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    at = 10;
  }
  if (bytes.length < at + length) return null;
  const isCompressed = (first & RSV1) !== 0;
  const sent = bytes.subarray(at, at + length);
  const payload = isCompressed ? inflate(sent) : sent;
  return {
    payload,
    isText: opcode === OP_TEXT,
    isCompressed,
    frameBytes: at + length,
  };
}

/** What a server has to answer a key with. RFC 6455 §4.2.2. */
export function acceptOf(key) {
  return createHash("sha1").update(`${key}${acceptMagic}`).digest("base64");
}

function frameHead(first, length, maskBit) {
  if (length < LENGTH_16) return Buffer.from([first, maskBit | length]);
  const isLong = length > 0xffff;
  const head = Buffer.alloc(isLong ? 10 : 4);
  head[0] = first;
  head[1] = maskBit | (isLong ? LENGTH_64 : LENGTH_16);
  if (isLong) head.writeBigUInt64BE(BigInt(length), 2);
  else head.writeUInt16BE(length, 2);
  return head;
}

function deflate(payload) {
  const bytes = deflateRawSync(payload, {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  return bytes.subarray(0, bytes.length - tail.length);
}

function inflate(bytes) {
  return inflateRawSync(Buffer.concat([bytes, tail]), {
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}
