/**
 * nodeListener: lets a `(req, res)` listener of node:http answer requests; so that an Express app runs inside.
 *
 *     const app = express();
 *     new Application([
 *       ["/api/.*", nodeListener(app)],                                   // as the target of a route
 *       ["/old/.*", FallbackHandler, { fallback: nodeListener(app) }],    // or behind a handler's prepare()
 *     ]);
 *     new HTTPServer(nodeListener(app)).listen(8888);                     // or of a whole server
 *
 * The listener is called when the request's head is there, with objects of Node's own classes (nodemessages.ts). How the
 * body is delimited and whether the connection goes on stays the server's to say. What a listener of node:http has and one
 * here has not: upgrades (the request is one like any other), trailers, timeouts of its own (setTimeout does nothing), the
 * ports of the connection, and an effect of writeContinue(): the server has said it. Deadlines and limits are HTTPServer's.
 */
import { AsyncResource } from "node:async_hooks";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { BodyReader } from "./bodyreader.ts";
import { whenClientGoes } from "./clientgone.ts";
import type { Exchange, RequestDispatcher } from "./exchange.ts";
import { StreamingBase } from "./handover.ts";
import {
  abortedError,
  makeNodeRequest,
  makeNodeResponse,
  NodeBody,
  type NodeRequest,
  type NodeResponse,
  pushWhole,
} from "./nodemessages.ts";
import { failExchange } from "./responsehead.ts";
import { StandInSocket } from "./standinsocket.ts";

/** Answers a request as a listener of node:http does. What it returns is waited for only to log what it rejects with. */
export type NodeListener = (req: NodeRequest, res: NodeResponse) => unknown;

/**
 * Makes a dispatcher of a `(req, res)` listener.
 *
 * A listener that throws or rejects is logged; the request is answered with 500 if nothing has been sent, else its
 * connection is closed. One that never ends its response leaves its client waiting, as in node:http.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE if `listener` is no function
 */
export function nodeListener(listener: NodeListener): RequestDispatcher {
  if (typeof listener !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `nodeListener() was given ${describe(listener)}; allowed is a function (req, res)`,
    );
  }
  return new NodeDispatcher(listener);
}

class NodeDispatcher extends StreamingBase {
  readonly #listener: NodeListener;
  /** What was entered when the listener was mounted; stores that it enters itself are one request's alone. */
  readonly #root = new AsyncResource("landspout.nodeListener");

  constructor(listener: NodeListener) {
    super();
    this.#listener = listener;
  }

  protected override serve(exchange: Exchange): BodyReader | null {
    const socket = new StandInSocket(exchange);
    const req = makeNodeRequest(exchange, socket);
    const res = makeNodeResponse(exchange, req, socket);
    const scope = this.#root.runInAsyncScope(newScope);
    const fail = (error: unknown): void => {
      failExchange(exchange, "a (req, res) listener", error);
      socket.destroy();
    };
    res.on("finish", () => {
      try {
        exchange.finish();
      } catch (error) {
        fail(error);
      }
      // What the listener has left unread of req is let go.
      if (req.readableFlowing === null) req.resume();
      // Its "close" is that of res. Not yet: the write that this is the end of has not returned.
      process.nextTick(() => socket.destroy());
    });
    whenClientGoes(exchange, () => {
      socket.destroy();
      req.destroy(abortedError());
    });
    const body = exchange.isBodyPending ? new NodeBody(req) : null;
    if (body === null) pushWhole(req, exchange.body);
    try {
      const result: unknown = scope.runInAsyncScope(this.#listener, undefined, req, res);
      // Not every thenable: a chained Express app may return itself, or the response.
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
    return body;
  }
}

function newScope(): AsyncResource {
  return new AsyncResource("landspout.nodeListener request");
}
