/**
 * How a peer can break the WebSocket protocol, and the close code that each fault is answered with: the one table.
 *
 * The frame reader names a fault; the connection sends its code with its text as the reason, and closes.
 *
 * @see RFC 6455 §5, §7.4.1; RFC 7692 §6.1
 */
export const webSocketFaults = {
  reservedBits: [1002, "a reserved bit is set that no extension has given a meaning"],
  opcode: [1002, "the opcode is reserved"],
  unmasked: [1002, "a frame of a client is not masked"],
  masked: [1002, "a frame of a server is masked"],
  length: [1002, "a length is not written in the fewest bytes, or its first bit is set"],
  controlFragmented: [1002, "a control frame is fragmented"],
  controlTooLong: [1002, "a control frame has more than 125 bytes"],
  strayContinuation: [1002, "a continuation frame continues no message"],
  expectedContinuation: [1002, "a message begins before the last one has ended"],
  compressedContinuation: [1002, "a continuation frame or control frame claims to be compressed"],
  closePayload: [1002, "the payload of a close frame is one byte"],
  closeCode: [1002, "a close code may not be sent"],
  closeReason: [1007, "the reason of a close frame is not valid UTF-8"],
  utf8: [1007, "a text message is not valid UTF-8"],
  deflate: [1007, "a compressed message cannot be decompressed"],
  tooBig: [1009, "message too big"],
  inflatesTooBig: [1009, "message too big after decompression"],
} as const satisfies Readonly<Record<string, readonly [closeCode: number, text: string]>>;

/** A name in webSocketFaults. */
export type WebSocketFault = keyof typeof webSocketFaults;
