/**
 * FallbackHandler: hands a request over to something else that answers requests; after Tornado's.
 *
 *     new Application([
 *       ["/new/.*", NewHandler],
 *       [".*", FallbackHandler, { fallback: expressApp }],
 *     ]);
 *
 * The fallback may be (see dispatcherOf, which tells them apart):
 *
 *     nodeListener(listener)         a (req, res) listener of node:http, such as an Express app;
 *                                    or the bare function, if it declares two parameters or more
 *     fetchHandler(handler)          (Request) => Response; or the bare object, if it has fetch(), such as a Hono app
 *     a function of the request      answers by request.connection, or returns a Response
 *     an Application, a delegate     any target of a route that is not a handler class
 *
 * The handing over is in prepare(): a subclass may check who asks before it calls super.prepare(). From then on the
 * handler is done: onFinish() is called, nothing is logged, and what the fallback does is its own. What the fallback
 * does not need to know, the body of the request, is not read before either: listeners and fetch handlers get it as it
 * arrives, the others whole. Where nothing is to be checked, the same things can be the target of a route themselves.
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { dispatcherOf, type RequestTarget } from "../server/dispatchers.ts";
import type { RequestDispatcher } from "../server/exchange.ts";
import { handOver } from "../server/handover.ts";
import { RequestHandler } from "./requesthandler.ts";
import { requestSummary } from "./responsehandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { InitArgs } from "./routing.ts";

export class FallbackHandler extends RequestHandler {
  /**
   * What is registered but for CONNECT and PRI, and PURGE: the fallback may serve them.
   * @see https://www.iana.org/assignments/http-methods
   */
  static override readonly SUPPORTED_METHODS: readonly string[] = [
    ...RequestHandler.SUPPORTED_METHODS,
    ..."TRACE ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL".split(
      " ",
    ),
    ..."MKREDIRECTREF MKWORKSPACE MOVE ORDERPATCH PROPFIND PROPPATCH QUERY REBIND REPORT SEARCH UNBIND".split(
      " ",
    ),
    ..."UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL PURGE".split(" "),
  ];

  static override readonly streamRequestBody: boolean = true;

  #fallback: RequestDispatcher | null = null;

  /** @throws CodedError ERR_OPTION_TYPE without the init arg `fallback`; ERR_ARGUMENT_TYPE if it cannot answer requests */
  override initialize({ fallback }: InitArgs): void {
    if (fallback === undefined || fallback === null) {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        "FallbackHandler needs the init arg fallback: what is to answer, a function or an app",
      );
    }
    this.#fallback = dispatcherOf(fallback as RequestTarget);
  }

  /** Hands the request over, unless it has been answered. @returns a promise if the fallback lets the body wait */
  override prepare(): unknown {
    if (this.#fallback === null) {
      throw new CodedError(
        "ERR_STATE",
        "FallbackHandler has no fallback: a subclass that has initialize() must call super.initialize(args)",
      );
    }
    const response = this[RESPONSE];
    if (response.isFinished) return undefined;
    // Complete as far as this handler goes; who goes away now is the fallback's to hear.
    response.isFinished = true;
    response.exchange.closeListener = null;
    const ready = handOver(response.exchange, this.#fallback);
    response.release();
    try {
      this.onFinish();
    } catch (error) {
      log.error(`Uncaught exception in onFinish ${requestSummary(this)}`, error);
    }
    return ready;
  }
}
