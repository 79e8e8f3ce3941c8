/**
 * fetchHandler: lets a fetch-style handler, `(Request) => Response`, answer requests; so that a Hono app runs inside.
 *
 *     const app = new Hono();
 *     new Application([
 *       ["/api/.*", fetchHandler(app)],                             // as the target of a route
 *       ["/old/.*", FallbackHandler, { fallback: fetchHandler(handle) }],  // or behind a handler's prepare()
 *     ]);
 *     new HTTPServer(fetchHandler(app)).listen(8888);               // or of a whole server
 *
 * The handler is called when the request's head is there. The body is a stream with flow control: the client is not read
 * from while the handler does not read. A body that is not read by the time the response is complete closes the connection.
 */
import { AsyncResource } from "node:async_hooks";
import { describe } from "../base/describe.ts";
import { CodedError, HTTPInputError } from "../base/errors.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { BodyReader } from "./bodyreader.ts";
import { whenClientGoes } from "./clientgone.ts";
import type { Exchange, RequestDispatcher } from "./exchange.ts";
import { FetchSender, isFetchResponse } from "./fetchresponse.ts";
import { StreamingBase } from "./handover.ts";
import { failExchange } from "./responsehead.ts";

/** What a fetch handler is given besides the Request; a Hono app finds it as `c.env`. */
export interface FetchEnvironment {
  /** The request as landspout has it: `remoteIp`, and the fields as they were sent. */
  readonly request: HTTPServerRequest;
  readonly [name: string]: unknown;
}

/** Answers a fetch Request with a fetch Response. */
export type FetchHandler = (
  request: Request,
  environment: FetchEnvironment,
) => Response | PromiseLike<Response>;

/** An object with a fetch handler, such as a Hono app. */
export interface FetchApplication {
  // Frameworks type their second argument in their own ways.
  fetch(request: Request, ...rest: never[]): Response | PromiseLike<Response>;
}

export interface FetchHandlerOptions {
  /** What the handler's second argument has besides `request`. Default: nothing. */
  readonly env?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a dispatcher of a fetch handler.
 *
 * A handler that throws, or returns anything but a Response, is logged and answered with 500. `request.signal` fires when
 * the client goes away. TRACE, which a Request cannot have, is answered with 501; a host that makes no URL with 400.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE if `handler` is neither a function nor an object with fetch()
 */
export function fetchHandler(
  handler: FetchHandler | FetchApplication,
  options: FetchHandlerOptions = {},
): RequestDispatcher {
  return new FetchDispatcher(handler, options);
}

class FetchDispatcher extends StreamingBase {
  readonly #handler: FetchHandler;
  readonly #env: Readonly<Record<string, unknown>>;
  /** What was entered when the handler was mounted; stores that it enters itself are one request's alone. */
  readonly #root = new AsyncResource("landspout.fetchHandler");

  constructor(handler: FetchHandler | FetchApplication, { env = {} }: FetchHandlerOptions) {
    super();
    if (typeof handler === "function") {
      this.#handler = handler;
    } else if (typeof handler?.fetch === "function") {
      this.#handler = (request, environment) => handler.fetch(request, environment as never);
    } else {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `fetchHandler() was given ${describe(handler)}; allowed are a function (Request) => Response and an object with fetch()`,
      );
    }
    this.#env = env;
  }

  protected override serve(exchange: Exchange): BodyReader | null {
    const fail = (error: unknown) => failExchange(exchange, "a fetch handler", error);
    const takesBody = exchange.method !== "GET" && exchange.method !== "HEAD";
    const body = takesBody && exchange.isBodyPending ? new RequestBody() : null;
    const sender = new FetchSender(exchange);
    const abort = new AbortController();
    whenClientGoes(exchange, (error) => {
      abort.abort(error);
      sender.cancel();
    });
    try {
      const whole = takesBody && exchange.bodyBytes > 0 ? exchange.body : null;
      const request = makeRequest(exchange, body?.stream ?? whole, abort.signal);
      const environment = { ...this.#env, request: exchange.request };
      const scope = this.#root.runInAsyncScope(newScope);
      scope
        .runInAsyncScope(() => this.#answer(request, environment))
        .then((response) => sender.send(response))
        .catch(fail);
    } catch (error) {
      fail(error);
    }
    if (!exchange.isBodyPending) return null;
    return body ?? ignoredBody;
  }

  async #answer(request: Request, environment: FetchEnvironment) {
    const response: unknown = await this.#handler(request, environment);
    if (isFetchResponse(response)) return response;
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `a fetch handler returned ${describe(response)}; allowed is a Response, or a promise of one`,
    );
  }
}

/** @throws HTTPInputError 501 for TRACE, 400 for a target that makes no URL */
function makeRequest(
  exchange: Exchange,
  body: ReadableStream<Uint8Array> | Buffer | null,
  signal: AbortSignal,
): Request {
  const { method, headers } = exchange;
  if (method === "TRACE") {
    throw new HTTPInputError(501, "ERR_HTTP_METHOD", "TRACE cannot be asked of a fetch handler");
  }
  const url = exchange.request.fullUrl();
  if (!URL.canParse(url)) {
    throw new HTTPInputError(400, "ERR_HTTP_TARGET", "host and target make no URL");
  }
  // A body that the server has decoded is not as long as was said.
  const isDecoded = headers.has("X-Consumed-Content-Encoding");
  const fields: [string, string][] = [];
  for (const [name, value] of headers.getAll()) {
    if (!(isDecoded && name === "Content-Length")) fields.push([name, value]);
  }
  const init: RequestInit = { method, headers: fields, signal };
  if (body !== null) {
    init.body = body as NonNullable<RequestInit["body"]>;
    init.duplex = "half";
  }
  return new Request(url, init);
}

/** A body that is on its way, as a stream. */
class RequestBody implements BodyReader {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Lets the next piece come, once the handler has read what is there. */
  #release: (() => void) | null = null;
  #isClosed = false;

  constructor() {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#goOn(),
      cancel: () => {
        // The handler wants no more: what still comes is dropped.
        this.#isClosed = true;
        this.#goOn();
      },
    });
  }

  onBody(piece: Buffer): Promise<void> | undefined {
    if (this.#isClosed || this.#controller === null) return undefined;
    this.#controller.enqueue(piece);
    if ((this.#controller.desiredSize ?? 0) > 0) return undefined;
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  onBodyEnd(): undefined {
    // Not before the connection knows that the body is whole: an answer until then would close it.
    process.nextTick(() => {
      if (!this.#isClosed) this.#controller?.close();
      this.#isClosed = true;
    });
  }

  onBodyAborted(error: Error): void {
    if (!this.#isClosed) this.#controller?.error(error);
    this.#isClosed = true;
    this.#goOn();
  }

  #goOn(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }
}

/** GET and HEAD have no body that a Request could have. */
const ignoredBody: BodyReader = {
  onBody: () => undefined,
  onBodyEnd: () => undefined,
  onBodyAborted: () => {},
};

function newScope(): AsyncResource {
  return new AsyncResource("landspout.fetchHandler request");
}
