/** When a client has gone, as the handlers of other frameworks see it: nodeListener and fetchHandler ask. */
import { CodedError } from "../base/errors.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Has `listener` called once if the client goes away before the response is complete.
 *
 * A client that has ended its side of the connection counts as gone, as in node:http, and its connection is closed; not
 * in that same turn, so that what is answered at once still reaches one that asks and then half-closes.
 *
 * @param listener throws nothing
 */
export function whenClientGoes(exchange: Exchange, listener: (error: CodedError) => void): void {
  let isTold = false;
  const tell = (): void => {
    if (isTold) return;
    isTold = true;
    listener(new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has closed the connection"));
  };
  exchange.closeListener = () => {
    if (exchange.isGone) {
      tell();
      return;
    }
    // Half-closed. The connection may still break before the next turn.
    exchange.closeListener = tell;
    exchange.loop.addCallback(() => {
      if (exchange.isFinished) return;
      exchange.abort();
      tell();
    });
  };
}
