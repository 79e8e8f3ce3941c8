/**
 * Masks: every frame of a client is XORed with four bytes of its own.
 *
 * The frame reader takes a mask off where the bytes lie. Short payloads are done here, byte by byte; from
 * NATIVE_MASK_BYTES on a call into the addon is cheaper, which works 16 bytes and more at a time.
 *
 * @see RFC 6455 §5.3
 */

import type { Unmask, UnmaskTo } from "../native/addon.ts";

const HIGH_BIT = 0x80;

/**
 * Takes a mask off in place.
 *
 * @hot bench/micro/websocket.bench.mjs: once per frame; allocates nothing
 * @param key   the mask's four bytes as an integer, the first on the wire highest
 * @param phase which byte of the mask the first one meets: 0 to 3
 * @returns true if any byte of the result is not ASCII
 */
export function unmask(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): boolean {
  const turned = phase === 0 ? key : (key << (phase * 8)) | (key >>> (32 - phase * 8));
  const k0 = turned >>> 24;
  const k1 = (turned >>> 16) & 0xff;
  const k2 = (turned >>> 8) & 0xff;
  const k3 = turned & 0xff;
  let seen = 0;
  let at = start;
  for (const whole = end - 3; at < whole; at += 4) {
    const b0 = bytes[at]! ^ k0;
    const b1 = bytes[at + 1]! ^ k1;
    const b2 = bytes[at + 2]! ^ k2;
    const b3 = bytes[at + 3]! ^ k3;
    bytes[at] = b0;
    bytes[at + 1] = b1;
    bytes[at + 2] = b2;
    bytes[at + 3] = b3;
    seen |= b0 | b1 | b2 | b3;
  }
  if (at < end) {
    const b0 = bytes[at]! ^ k0;
    bytes[at] = b0;
    seen |= b0;
    if (at + 1 < end) {
      const b1 = bytes[at + 1]! ^ k1;
      bytes[at + 1] = b1;
      seen |= b1;
      if (at + 2 < end) {
        const b2 = bytes[at + 2]! ^ k2;
        bytes[at + 2] = b2;
        seen |= b2;
      }
    }
  }
  return (seen & HIGH_BIT) !== 0;
}

/** From this many bytes on messages have memory of their own, which can be lent. Newer pools of Buffer's hold 64 KiB. */
const OWN_BYTES = 16 * 1024;

/** From this many bytes on the addon's unmask is cheaper than ours. */
export const NATIVE_MASK_BYTES = 96;

let nativeUnmask: Unmask | null = null;
let nativeUnmaskTo: UnmaskTo | null = null;

/** Has long payloads unmasked by the addon. */
export function setNativeUnmask(native: Unmask, nativeTo: UnmaskTo): void {
  nativeUnmask = native;
  nativeUnmaskTo = nativeTo;
}

/** Takes a mask off in place, by whichever way is cheaper. @returns true if any byte of the result is not ASCII */
export function takeMaskOff(
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
  phase: number,
): boolean {
  return end - start < NATIVE_MASK_BYTES || nativeUnmask === null
    ? unmask(bytes, start, end, key, phase)
    : nativeUnmask(bytes, start, end, key, phase);
}

/** Memory of a binary message: large ones get an ArrayBuffer of their own, never a part of Buffer's pool. */
export function messageMemory(length: number): Buffer {
  return length < OWN_BYTES ? Buffer.allocUnsafe(length) : Buffer.allocUnsafeSlow(length);
}

/**
 * A copy of `bytes[start, end)` without its mask; what becomes of those bytes is not said.
 *
 * @hot bench/websocket.mjs bytes-64k: once per binary message; allocates the copy
 */
export function unmaskedCopy(bytes: Buffer, start: number, end: number, key: number): Buffer {
  const copy = messageMemory(end - start);
  if (end - start >= NATIVE_MASK_BYTES && nativeUnmaskTo !== null) {
    // In one pass: of 64 KiB a second one costs 3 us.
    nativeUnmaskTo(copy, bytes, start, end, key);
  } else {
    unmask(bytes, start, end, key, 0);
    bytes.copy(copy, 0, start, end);
  }
  return copy;
}
