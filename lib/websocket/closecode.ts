/**
 * Close codes: which may be on the wire, and the payload of a close frame.
 *
 * @see RFC 6455 §5.5.1, §7.4
 */
import { isUtf8 } from "node:buffer";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { WebSocketFault } from "./faults.ts";

/** What most closes say: the purpose of the connection has been fulfilled. */
export const NORMAL_CLOSURE = 1000;
/** The server is going down, or the page was left. */
export const GOING_AWAY = 1001;
/** Never sent: a close frame without a code was received. */
export const NO_STATUS = 1005;
/** Never sent: the connection ended without a close frame. */
export const ABNORMAL_CLOSURE = 1006;
/** The handler threw. */
export const INTERNAL_ERROR = 1011;
/** The server restarts: come back. */
export const SERVICE_RESTART = 1012;
/** Too much is going on: come back later. */
export const TRY_AGAIN_LATER = 1013;

/** Most bytes of a reason: a control frame's 125 without the code. */
export const MOST_REASON_BYTES = 123;

const FIRST_CODE = 1000;
const FIRST_LIBRARY_CODE = 3000;
const LAST_CODE = 4999;

/** Those below 3000 that a peer may send. RFC 6455 §7.4.1 and the IANA registry, which has added 1012 to 1014. */
const SENDABLE = new Set([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);

/** Tells whether a code may be in a close frame. */
export function isCloseCode(code: number): boolean {
  return SENDABLE.has(code) || (code >= FIRST_LIBRARY_CODE && code <= LAST_CODE);
}

/** What a close frame said. */
export interface CloseStatus {
  /** null = none was sent. */
  readonly code: number | null;
  readonly reason: string;
}

/** Reads the payload of a close frame, unmasked. @returns the fault's name if it is malformed */
export function parseClose(payload: Buffer): CloseStatus | WebSocketFault {
  if (payload.length === 0) return { code: null, reason: "" };
  if (payload.length === 1) return "closePayload";
  const code = payload.readUInt16BE(0);
  if (code < FIRST_CODE || !isCloseCode(code)) return "closeCode";
  const reason = payload.subarray(2);
  return isUtf8(reason) ? { code, reason: reason.toString("utf8") } : "closeReason";
}

/**
 * Writes the payload of a close frame.
 *
 * @param code null = none, and no reason
 * @throws CodedError ERR_WEBSOCKET_CLOSE_CODE for a code that may not be sent, or a reason over 123 bytes
 */
export function closePayload(code: number | null, reason: string): Buffer {
  if (code === null) {
    if (reason === "") return Buffer.alloc(0);
    return closePayload(NORMAL_CLOSURE, reason);
  }
  if (!Number.isInteger(code) || !isCloseCode(code)) {
    throw new CodedError(
      "ERR_WEBSOCKET_CLOSE_CODE",
      `close code ${describe(code)} may not be sent; allowed are 1000 to 1003, 1007 to 1014 and 3000 to 4999`,
    );
  }
  const text = Buffer.from(reason, "utf8");
  if (text.length > MOST_REASON_BYTES) {
    throw new CodedError(
      "ERR_WEBSOCKET_CLOSE_CODE",
      `the close reason ${quote(reason.slice(0, 40))} has ${text.length} bytes; allowed are ${MOST_REASON_BYTES}`,
    );
  }
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}
