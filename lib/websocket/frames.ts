/**
 * The vocabulary of frames: opcodes, bits, and who hears of what was read.
 *
 * @see RFC 6455 §5.2
 */
import type { WebSocketFault } from "./faults.ts";

export const OP_CONTINUATION = 0x0;
export const OP_TEXT = 0x1;
export const OP_BINARY = 0x2;
export const OP_CLOSE = 0x8;
export const OP_PING = 0x9;
export const OP_PONG = 0xa;

/** First byte: the last frame of its message. */
export const FIN = 0x80;
/** First byte: the message is compressed. RFC 7692 §6. */
export const RSV1 = 0x40;
/** Second byte: the payload is masked. */
export const MASKED = 0x80;

export const MASK_BYTES = 4;
/** Most payload bytes of a control frame, and of a frame whose length is in its second byte. */
export const SHORT_LENGTH = 125;
/** In the place of a length: it follows in two bytes, or in eight. */
export const LENGTH_16 = 126;
export const LENGTH_64 = 127;
export const MOST_16 = 0xffff;

/** Frames that are half-way: what readFrames() keeps of a connection between two reads. */
export interface PartialFrames {
  /**
   * Reads on until nothing is half-way, the bytes end or the reader stops.
   *
   * @returns up to where bytes were taken; negative (~offset) if the reader stopped there
   */
  read(reader: FrameReader, bytes: Buffer, start: number, end: number): number;
  /** Bytes it holds. */
  readonly heldBytes: number;
}

/** Who hears of what was read: a connection. Each method returns false if no more is to be read now. */
export interface FrameReader {
  /** What is half-way; null at first. Written by the frame reader alone. */
  partial: PartialFrames | null;
  /** The peer is a client, whose frames are masked; those of a server are not. */
  readonly expectsMask: boolean;
  /** Most bytes of a message. */
  readonly maxMessageBytes: number;
  /** permessage-deflate has been negotiated: RSV1 has a meaning. */
  readonly inflates: boolean;

  onText(text: string): boolean;
  /** `bytes` are the reader's to keep. */
  onBinary(bytes: Buffer): boolean;
  /** A whole compressed message, not judged as UTF-8 yet. `bytes` are the reader's to keep. */
  onCompressed(bytes: Buffer, isText: boolean): boolean;
  onPing(payload: Buffer): boolean;
  onPong(payload: Buffer): boolean;
  /** The payload of a close frame, to be judged by parseClose(). */
  onClose(payload: Buffer): boolean;
  /** The peer broke a rule: once, and nothing is read after it. */
  onFault(fault: WebSocketFault): void;
}
