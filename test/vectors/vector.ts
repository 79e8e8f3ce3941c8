/**
 * What a vector is: bytes that a client sends, and all that a server may say to them.
 *
 * The files beside this one are named by the rule they test. test/server/vectors.test.ts and vectorcuts.test.ts run each
 * three ways: whole, byte by byte, and cut in two at every point; the outcome must be the same.
 *
 * The server under test has these routes (test/support/vectorapp.ts):
 *   GET, HEAD /       "hello"
 *   POST, PUT /body   "<length>:<the body>"
 *   GET /field?n=X    the request's field X as JSON text, null when there is none
 *   GET /target…      the target as understood, as JSON {uri, path, query, host}
 *   any /hidden       must never be reached: it stands where no request may be seen
 */

/** One response that is wanted. */
export interface Wanted {
  /** Several where a standard leaves the choice. */
  readonly status: number | readonly number[];
  /** The exact body as latin1; anything when absent. */
  readonly body?: string;
  /** The method, where it changes how a response is read. */
  readonly method?: "HEAD";
  /** Fields that must be there, and what must be among their comma-separated elements; case is free. */
  readonly fields?: Readonly<Record<string, string>>;
}

/**
 * How the connection is left: "open" (the next request on it is answered), "closed" (by FIN, after the
 * last response and nothing more), or "waiting" (open, and in the middle of a request).
 */
export type End = "open" | "closed" | "waiting";

/** Bytes and their outcome. */
export interface Vector {
  readonly name: string;
  /** Sent as latin1: one character is one byte. */
  readonly bytes: string;
  /** The final responses, in order; interim ones (100) are passed over. */
  readonly wanted: readonly Wanted[];
  readonly end: End;
}

/** A request that must not be seen, to stand behind or inside another. */
export const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/** The plainest request. */
export const PLAIN = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** GET / with more fields, each ended by CRLF. */
export function get(fields: string): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
}

/** POST /body with more fields, each ended by CRLF, and what follows the head. */
export function post(fields: string, body: string): string {
  return `POST /body HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
}

/** POST /body in chunks: `body` is everything after the head. */
export function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/** Answered with 200 and these bodies in turn; the connection stays open. */
export function accepted(name: string, bytes: string, ...bodies: readonly string[]): Vector {
  return { name, bytes, wanted: bodies.map((body) => ({ status: 200, body })), end: "open" };
}

/** Answered with 200 and these bodies in turn; then the connection is closed. */
export function acceptedLast(name: string, bytes: string, ...bodies: readonly string[]): Vector {
  return { ...accepted(name, bytes, ...bodies), end: "closed" };
}

/** Refused: one response with this status, then the end. What follows in `bytes` is never looked at. */
export function refused(name: string, bytes: string, status: Wanted["status"] = 400): Vector {
  return { name, bytes, wanted: [{ status }], end: "closed" };
}

/** A first request is answered with `body`, and what comes after it is refused. */
export function refusedSecond(name: string, bytes: string, body: string, status = 400): Vector {
  return { name, bytes, wanted: [{ status: 200, body }, { status }], end: "closed" };
}

/** `refused` for each of `cases`: what is wrong, and the bytes. */
export function refusedEach(
  cases: readonly (readonly [name: string, bytes: string])[],
  status: Wanted["status"] = 400,
): Vector[] {
  return cases.map(([name, bytes]) => refused(name, bytes, status));
}
