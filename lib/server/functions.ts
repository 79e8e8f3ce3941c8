/**
 * FunctionDispatcher: answers requests by a plain function, after Tornado's request_callback.
 *
 *     new HTTPServer((request) => new Response(`you asked for ${request.path}`));
 *
 * The function is called when the request's body is there (`request.body`), and answers by `request.connection`, now or
 * later; or it returns a fetch Response, or a promise of one, which is sent. Anything else it returns is ignored. What it
 * throws or rejects with is logged and answered with 500, or, if it carries a `statusCode` from 400 to 499, with that.
 *
 * There is no deadline: a request that is never answered waits as long as its client does, and is let go with it.
 */
import { CodedError } from "../base/errors.ts";
import { isPromise } from "../base/promises.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { Exchange, RequestDispatcher } from "./exchange.ts";
import { FetchSender, isFetchResponse } from "./fetchresponse.ts";
import { RequestConnection } from "./httpconnection.ts";
import { failExchange } from "./responsehead.ts";

/** A function that answers requests. */
export type RequestCallback = (request: HTTPServerRequest) => unknown;

export class FunctionDispatcher implements RequestDispatcher {
  readonly #callback: RequestCallback;

  constructor(callback: RequestCallback) {
    this.#callback = callback;
  }

  startRequest(exchange: Exchange): void {
    const fail = (error: unknown) => failExchange(exchange, "a function that answers", error);
    try {
      const { request } = exchange;
      request.connection = new RequestConnection(exchange);
      const result = this.#callback(request);
      if (isPromise(result)) {
        Promise.resolve(result)
          .then((value) => settle(exchange, value))
          .catch(fail);
      } else {
        settle(exchange, result)?.catch(fail);
      }
    } catch (error) {
      fail(error);
    }
  }
}

function settle(exchange: Exchange, value: unknown): Promise<void> | undefined {
  if (!isFetchResponse(value)) return undefined;
  if (exchange.isHeadSent) {
    throw new CodedError(
      "ERR_HTTP_HEADERS_SENT",
      "the function returned a Response after it had answered by request.connection; it can do one of the two",
    );
  }
  return new FetchSender(exchange).send(value);
}
