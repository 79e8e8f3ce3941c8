/** Bytes for bodies: always the same, and like nothing in particular. */

/** Bytes without a short period, so that a lost or doubled piece shows; no coding makes them much smaller. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, x = 1; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}
