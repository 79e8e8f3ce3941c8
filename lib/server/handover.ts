/**
 * Handing a request over: from whoever has begun it to a dispatcher of another kind.
 *
 * FallbackHandler does it from prepare(), and Application for the targets of routes that are no handler classes. The
 * connection goes on calling who has it (its server's dispatcher), so what is left to be called is arranged here.
 */
import { CodedError } from "../base/errors.ts";
import { isPromise } from "../base/promises.ts";
import type { BodyReader } from "./bodyreader.ts";
import type { Exchange, RequestDispatcher } from "./exchange.ts";

/**
 * Has `dispatcher` answer, be the body of the request there or not. Called by the dispatcher that has the request: from its
 * startRequest(), or from its startBody(), or before the promise that this returned has settled.
 *
 * @returns what startBody() is to return: a promise if the body has to wait
 */
export function handOver(exchange: Exchange, dispatcher: RequestDispatcher): unknown {
  // Nobody would tell the dispatcher of a client that has gone before.
  if (exchange.isFinished) return undefined;
  if (!exchange.isBodyPending) {
    dispatcher.startRequest(exchange);
    return undefined;
  }
  exchange.bodyReader = null;
  exchange.isStarted = false;
  exchange.routed = null;
  const ready: unknown = dispatcher.startBody?.(exchange);
  const arrange = () => {
    if (exchange.isStarted) return;
    // The connection would start it by whoever had it first.
    exchange.isStarted = true;
    exchange.bodyReader = new StartAfter(exchange, dispatcher, exchange.bodyReader);
  };
  if (isPromise(ready)) return ready.then(arrange);
  arrange();
  return undefined;
}

/** Starts a request when its body has been read, by the reader given or whole. */
class StartAfter implements BodyReader {
  readonly #exchange: Exchange;
  readonly #dispatcher: RequestDispatcher;
  readonly #reader: BodyReader | null;
  #pieces: Buffer[] = [];

  constructor(exchange: Exchange, dispatcher: RequestDispatcher, reader: BodyReader | null) {
    this.#exchange = exchange;
    this.#dispatcher = dispatcher;
    this.#reader = reader;
  }

  onBody(piece: Buffer): PromiseLike<unknown> | undefined {
    if (this.#reader !== null) return this.#reader.onBody(piece);
    this.#pieces.push(piece);
    return undefined;
  }

  onBodyEnd(): PromiseLike<unknown> | undefined {
    const ended = this.#reader?.onBodyEnd();
    // Not before the connection knows that the body is whole: an answer until then would close it.
    if (ended === undefined) process.nextTick(() => this.#start());
    else ended.then(() => process.nextTick(() => this.#start()), ignore);
    return ended;
  }

  onBodyAborted(error: Error): void {
    this.#pieces = [];
    this.#reader?.onBodyAborted(error);
  }

  #start(): void {
    if (this.#exchange.isFinished) return;
    if (this.#reader === null) this.#exchange.body = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#dispatcher.startRequest(this.#exchange);
  }
}

/** Base of dispatchers that start a request when its head is there. */
export abstract class StreamingBase implements RequestDispatcher {
  /**
   * Starts a request.
   *
   * @returns who takes its body, if that is still on its way (exchange.isBodyPending); null if not
   */
  protected abstract serve(exchange: Exchange): BodyReader | null;

  startRequest(exchange: Exchange): void {
    this.serve(exchange);
  }

  startBody(exchange: Exchange): unknown {
    exchange.isStarted = true;
    const reader = this.serve(exchange);
    exchange.bodyReader = reader;
    if (exchange.isFinished) {
      // It was answered at once. The connection has dropped the body then, and knew of no reader.
      reader?.onBodyAborted(
        new CodedError(
          "ERR_HTTP_FINISHED",
          "the response was finished before the body had arrived",
        ),
      );
    }
    return undefined;
  }
}

function ignore(): void {}
