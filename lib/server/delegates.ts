/**
 * DelegateDispatcher: answers requests by a delegate of Tornado's kind (HTTPServerConnectionDelegate).
 *
 * One message delegate a request is told of head, body and end, in that order, each call waiting for the one before. The
 * head is told when it is there, before the body: that is what delegates are for.
 */
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import type { HTTPMessageDelegate, HTTPServerConnectionDelegate } from "../http/httpconnection.ts";
import { RequestStartLine } from "../http/startlines.ts";
import type { BodyReader } from "./bodyreader.ts";
import type { Exchange } from "./exchange.ts";
import { StreamingBase } from "./handover.ts";
import { RequestConnection } from "./httpconnection.ts";
import { failExchange, summaryOf } from "./responsehead.ts";

export class DelegateDispatcher extends StreamingBase {
  readonly #delegate: HTTPServerConnectionDelegate;

  constructor(delegate: HTTPServerConnectionDelegate) {
    super();
    this.#delegate = delegate;
  }

  /** @returns what headersReceived has returned, if that is a promise: the body is not asked for before */
  override startBody(exchange: Exchange): unknown {
    super.startBody(exchange);
    const { bodyReader } = exchange;
    return bodyReader instanceof Message ? bodyReader.pending : undefined;
  }

  protected override serve(exchange: Exchange): BodyReader | null {
    const message = new Message(exchange);
    message.start(this.#delegate);
    if (exchange.isBodyPending) return message;
    if (exchange.bodyBytes > 0) message.giveWhole(exchange.body);
    message.end();
    return null;
  }
}

/** One request on its way to its delegate. */
class Message implements BodyReader {
  readonly #exchange: Exchange;
  #delegate: Partial<HTTPMessageDelegate> = {};
  #pending: Promise<void> | null = null;
  /** finish or onConnectionClose was called, or a call has failed. */
  #isOver = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The last call that has not settled. */
  get pending(): Promise<void> | null {
    return this.#pending;
  }

  start(delegate: HTTPServerConnectionDelegate): void {
    const exchange = this.#exchange;
    const connection = new RequestConnection(exchange, () => this.#close());
    this.#step(() => {
      this.#delegate = delegate.startRequest(exchange.server, connection) ?? {};
      const line = new RequestStartLine(exchange.method, exchange.uri, exchange.version);
      return this.#delegate.headersReceived?.(line, exchange.headers);
    });
  }

  onBody(piece: Buffer): Promise<void> | undefined {
    return this.#step(() => this.#delegate.dataReceived?.(piece));
  }

  onBodyEnd(): Promise<void> | undefined {
    // Not before the connection knows that the body is whole: an answer until then would close it.
    process.nextTick(() => this.end());
    return undefined;
  }

  onBodyAborted(): void {
    this.#close();
  }

  /** Gives a body that is there already. */
  giveWhole(body: Buffer): void {
    this.#step(() => this.#delegate.dataReceived?.(body));
  }

  /** The request is whole. As in Tornado, one that was answered before is closed and not finished. */
  end(): void {
    this.#step(() => {
      if (this.#exchange.isFinished) {
        this.#close();
        return undefined;
      }
      this.#isOver = true;
      return this.#delegate.finish?.();
    });
  }

  // Steps.

  /** Calls something of the delegate's when what was called before has settled. Never rejects. */
  #step(call: () => unknown): Promise<void> | undefined {
    if (this.#pending !== null) {
      this.#pending = this.#pending.then(() => this.#call(call));
      return this.#pending;
    }
    const result = this.#call(call);
    if (result === undefined) return undefined;
    const pending = result.then(() => {
      if (this.#pending === pending) this.#pending = null;
    });
    this.#pending = pending;
    return pending;
  }

  #call(call: () => unknown): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    try {
      const result = call();
      if (!isPromise(result)) return undefined;
      return Promise.resolve(result).then(
        () => {},
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    const wasOver = this.#isOver;
    failExchange(this.#exchange, "a delegate", error);
    if (!wasOver) this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#delegate.onConnectionClose?.();
    } catch (error) {
      log.error(`Uncaught exception in onConnectionClose: ${summaryOf(this.#exchange)}`, error);
    }
  }
}
