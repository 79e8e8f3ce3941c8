/**
 * Heads of WebSocket frames that are not masked: their size, and their bytes. Outbox and SharedFrame write them.
 *
 * @see RFC 6455 §5.2
 */

/** In the place of a length: it follows in two bytes, or in eight. */
export const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Longest payload whose length is two bytes. */
export const MOST_16 = 0xffff;
export const SHORT_FRAME_HEAD = 2;
export const LONG_FRAME_HEAD = 10;
const TWO_TO_32 = 0x1_0000_0000;

/** Most UTF-8 bytes of one UTF-16 unit. */
export const MOST_BYTES_A_UNIT = 3;

/** Bytes of the head of a frame with a payload of `length` bytes. */
export function frameHeadBytes(length: number): number {
  if (length < LENGTH_16) return SHORT_FRAME_HEAD;
  return length <= MOST_16 ? 4 : LONG_FRAME_HEAD;
}

/** Writes the head at `at`, where there is room for it: `first` has FIN, RSV1 and the opcode. */
export function putFrameHead(arena: Buffer, at: number, first: number, length: number): void {
  arena[at] = first;
  if (length < LENGTH_16) arena[at + 1] = length;
  else if (length <= MOST_16) {
    arena[at + 1] = LENGTH_16;
    arena[at + 2] = length >>> 8;
    arena[at + 3] = length;
  } else {
    arena[at + 1] = LENGTH_64;
    arena.writeUInt32BE(Math.floor(length / TWO_TO_32), at + 2);
    arena.writeUInt32BE(length % TWO_TO_32, at + 6);
  }
}
