/** The Content-Length that a handler has set, as ResponseWriter reads it before the head is sent. */
import { CodedError } from "../base/errors.ts";
import type { Exchange } from "../server/exchange.ts";

/**
 * @param line    the field's value
 * @param written bytes of the body that wait for the head
 * @returns bytes
 * @throws CodedError ERR_HTTP_BODY_LENGTH if it is no number; if more was written, the connection is closed
 */
export function declaredLength(line: string, written: number, exchange: Exchange): number {
  if (!/^\d{1,15}$/.test(line)) {
    throw new CodedError(
      "ERR_HTTP_BODY_LENGTH",
      `Content-Length was set to ${JSON.stringify(line)}; allowed is a number of bytes`,
    );
  }
  const declared = Number(line);
  if (written <= declared || exchange.method === "HEAD") return declared;
  // Before the head is sent: one of Content-Length 0 would be taken for a whole response.
  exchange.abort();
  throw new CodedError(
    "ERR_HTTP_BODY_LENGTH",
    `${written} bytes were written where Content-Length says ${declared}; the connection is closed. ` +
      "Leave Content-Length out: it is set to what is written",
  );
}
