/**
 * Refusals: the response to each reason for which the addon or the server refuses a message.
 *
 * HTTP1Connection and HTTPServer send them. The wording tells a client's author what was wrong; nothing of what was
 * sent is repeated in it.
 */
import { type ErrorCode, errorTable, HTTPInputError } from "../base/errors.ts";
import * as addon from "../native/addon.ts";
import { reasonPhrase } from "../http/httpstatus.ts";

/** Why a message is refused, in HTTP's terms. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** What is logged instead of the message. Default: the message. */
  readonly detail?: string;
  /** More field lines, each with its CRLF. Default: none. */
  readonly fields?: string;
  /** The request's method was HEAD, as far as could be seen: no body is sent. Default false. */
  readonly isHead?: boolean;
}

function refusal(status: number, code: ErrorCode, message: string): Refusal {
  return { status, code, message };
}

const byReason: ReadonlyMap<number, Refusal> = new Map([
  [addon.BAD_SYNTAX, refusal(400, "ERR_HTTP_REQUEST_LINE", "malformed request line")],
  [addon.BAD_METHOD, refusal(400, "ERR_HTTP_METHOD", "the method is not a token")],
  [addon.BAD_TARGET, refusal(400, "ERR_HTTP_TARGET", "malformed request target")],
  [addon.BAD_VERSION, refusal(505, "ERR_HTTP_VERSION", "only HTTP/1.0 and HTTP/1.1 are served")],
  [addon.BAD_FIELD, refusal(400, "ERR_HTTP_FIELD_LINE", "malformed or folded field line")],
  [addon.BAD_LINE_END, refusal(400, "ERR_HTTP_SYNTAX", "a line must end in CRLF")],
  [addon.BAD_HOST, refusal(400, "ERR_HTTP_HOST", "exactly one valid Host field is needed")],
  [addon.BAD_CONTENT_LENGTH, refusal(400, "ERR_HTTP_CONTENT_LENGTH", "malformed Content-Length")],
  [
    addon.BAD_TRANSFER_ENCODING,
    refusal(400, "ERR_HTTP_TRANSFER_ENCODING", "Transfer-Encoding may only be chunked, once"),
  ],
  [
    addon.BAD_FRAMING,
    refusal(
      400,
      "ERR_HTTP_TRANSFER_ENCODING",
      "Content-Length and Transfer-Encoding exclude each other",
    ),
  ],
  [addon.BAD_CHUNK, refusal(400, "ERR_HTTP_CHUNK", "malformed chunk")],
  [addon.BAD_CONNECT, refusal(501, "ERR_HTTP_CONNECT", "CONNECT is not served")],
  [
    addon.BAD_TARGET_LENGTH,
    refusal(414, "ERR_HTTP_TARGET_TOO_LONG", "the request target is too long"),
  ],
  [addon.BAD_HEAD_LENGTH, refusal(431, "ERR_HTTP_HEAD_TOO_LARGE", "the head is too large")],
  [addon.BAD_FIELD_COUNT, refusal(431, "ERR_HTTP_TOO_MANY_FIELDS", "the head has too many fields")],
  [addon.BAD_TRAILER_LENGTH, refusal(431, "ERR_HTTP_TRAILER", "the trailer section is too large")],
  [addon.BAD_TRUNCATED, refusal(400, "ERR_HTTP_SYNTAX", "the message ended too early")],
]);

export const bodyTooLarge = refusal(413, "ERR_HTTP_BODY_TOO_LARGE", "the body is too large");
/** As Tornado answers it: what is wrong shows only in the middle of the message. */
export const chunkedTooLarge = refusal(400, "ERR_HTTP_BODY_TOO_LARGE", "the body is too large");
export const headTimeout = refusal(
  408,
  "ERR_HTTP_HEAD_TIMEOUT",
  "the request did not arrive in time",
);
export const bodyTimeout = refusal(408, "ERR_HTTP_BODY_TIMEOUT", "the body did not arrive in time");
/** Before it has sent anything, a client is told that there are too many. RFC 9110 §15.6.4. */
export const tooManyConnections: Refusal = {
  ...refusal(503, "ERR_SERVER_FULL", "too many connections"),
  fields: "Retry-After: 5\r\n",
};
/** Our own fault: what takes the body could not, because the disk is full, say. */
export const readerFailed = refusal(500, "ERR_STATE", "the body could not be taken");

/** The refusal for a reason of the addon's. */
export function refusalFor(reason: number): Refusal {
  return byReason.get(reason) ?? refusal(400, "ERR_HTTP_SYNTAX", "malformed message");
}

/** A refusal as the error that it is for others. */
export function inputError({ status, code, message }: Refusal): HTTPInputError {
  return new HTTPInputError(status, code, message);
}

/** The refusal for an error that the reader of a body, or the server itself, has thrown. */
export function refusalOf(error: HTTPInputError): Refusal {
  const code = error.code as ErrorCode;
  // The error's own words may repeat what the client has sent.
  const message: string = errorTable[code] ?? "the request cannot be taken";
  return { status: error.status, code, message, detail: error.message };
}

/** The whole response to a refused message: it says that the connection ends, and how long it is. */
export function refusalText(
  { status, message, fields = "", isHead = false }: Refusal,
  date: string,
): string {
  const body = `${status} ${reasonPhrase(status)}: ${message}\n`;
  return (
    `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nServer: landspout\r\nDate: ${date}\r\nConnection: close\r\n${fields}` +
    `Content-Type: text/plain; charset=UTF-8\r\nContent-Length: ${body.length}\r\n\r\n${isHead ? "" : body}`
  );
}
