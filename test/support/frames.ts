/** Frames as bytes, right or wrong: what the suites of frames, of connections, and the vectors are made of. RFC 6455 §5.2. */

/** Bytes written as hex, blanks ignored. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ""), "hex");
}

/** A frame of a client, masked with `key`. */
export function masked(first: number, payload: Uint8Array | string = "", key = 0): Buffer {
  const bytes = Buffer.from(payload as string);
  const mask = Buffer.alloc(4);
  mask.writeUInt32BE(key >>> 0);
  const body = key === 0 ? bytes : bytes.map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([frameHead(first, bytes.length, 0x80), mask, body]);
}

/** A frame of a server, or of a client that does not mask. */
export function bare(first: number, payload: Uint8Array | string = ""): Buffer {
  const bytes = Buffer.from(payload as string);
  return Buffer.concat([frameHead(first, bytes.length, 0), bytes]);
}

export const text = (payload: string): Buffer => masked(0x81, payload);
export const binary = (payload: Uint8Array): Buffer => masked(0x82, payload);
export const ping = (payload: Uint8Array | string = ""): Buffer => masked(0x89, payload);
export const pong = (payload: Uint8Array | string = ""): Buffer => masked(0x8a, payload);

/** The payload of a close frame. */
export function closing(code: number, reason: Uint8Array | string = ""): Buffer {
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason as string)]);
  payload.writeUInt16BE(code);
  return payload;
}

/** A close frame of a client. */
export function close(code?: number, reason: Uint8Array | string = ""): Buffer {
  return masked(0x88, code === undefined ? "" : closing(code, reason));
}

/** The first bytes of a frame, up to its mask. */
export function frameHead(first: number, length: number, mask: number): Buffer {
  if (length < 126) return Buffer.of(first, mask | length);
  if (length < 65_536) return Buffer.of(first, mask | 126, length >> 8, length & 255);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = mask | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
