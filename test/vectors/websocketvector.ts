/**
 * What a vector of WebSockets is: bytes that a client sends behind its handshake, and all that an echo server says to them.
 *
 * The files beside this one are named by the part of the standard that they test. test/server/websocketvectors.*.test.ts
 * runs every vector whole, byte by byte and cut in two at every point; the outcome must be the same.
 */

/** Bytes and their outcome. */
export interface WebSocketVector {
  /** What must be so, with the section that says it: "RFC 6455 §5.1". */
  readonly must: string;
  /** What of it this vector shows. */
  readonly name: string;
  readonly bytes: Buffer;
  /** What the server sends, but for the close frame. */
  readonly answer: Buffer;
  /**
   * How the connection is left: open (the next message is echoed, after `answer` and nothing more), or closed with a
   * close frame of this code (null = without one), which is the client's own sent back, or has a reason.
   */
  readonly end: "open" | { readonly code: number | null; readonly isEcho: boolean };
  /** Further field lines of the handshake. */
  readonly fields?: string;
}

const nothing = Buffer.alloc(0);

/** A vector without its rule. */
export type Shown = Omit<WebSocketVector, "must">;

/** The vectors that show one rule. */
export function rule(must: string, vectors: readonly Shown[]): WebSocketVector[] {
  return vectors.map((vector) => ({ must, ...vector }));
}

/** `bytes` are answered with `answer`; the connection stays open. */
export function answered(
  name: string,
  bytes: Buffer | readonly Buffer[],
  ...answer: readonly Buffer[]
): Shown {
  return { name, bytes: joined(bytes), answer: Buffer.concat(answer), end: "open" };
}

/** `bytes` break a rule: they close the connection with a code and a reason, after `answer`. */
export function closed(
  name: string,
  code: number | null,
  bytes: Buffer | readonly Buffer[],
  answer: Buffer = nothing,
): Shown {
  return { name, bytes: joined(bytes), answer, end: { code, isEcho: false } };
}

/** `bytes` close the connection with a close frame, which is answered with its code and no reason, after `answer`. */
export function echoed(
  name: string,
  code: number | null,
  bytes: Buffer | readonly Buffer[],
  answer: Buffer = nothing,
): Shown {
  return { name, bytes: joined(bytes), answer, end: { code, isEcho: true } };
}

function joined(bytes: Buffer | readonly Buffer[]): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes as Buffer[]);
}
