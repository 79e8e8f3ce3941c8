/**
 * RequestConnection: the HTTPConnection of one request, over its Exchange.
 *
 * Functions find it as `request.connection`, delegates are given it; see lib/http/httpconnection.ts for what it promises.
 */
import { runLogged } from "../loop/runlogged.ts";
import type { HTTPConnection } from "../http/httpconnection.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import type { ResponseStartLine } from "../http/startlines.ts";
import type { Chunk, Exchange } from "./exchange.ts";
import { sendForeignHead } from "./responsehead.ts";

export class RequestConnection implements HTTPConnection {
  readonly #exchange: Exchange;
  #closeCallback: (() => void) | null = null;

  /** @param onClose called once if the client goes away before finish(), before the callback of setCloseCallback() */
  constructor(exchange: Exchange, onClose: (() => void) | null = null) {
    this.#exchange = exchange;
    exchange.closeListener = () => {
      onClose?.();
      this.#callBack();
    };
  }

  writeHeaders(startLine: ResponseStartLine, headers: HTTPHeaders, chunk?: Chunk): Promise<void> {
    const { code: status, reason } = startLine;
    sendForeignHead(this.#exchange, { status, reason, fields: headers.getAll() });
    if (chunk !== undefined) this.#exchange.write(chunk);
    return this.#exchange.flushed();
  }

  write(chunk: Chunk): Promise<void> {
    this.#exchange.write(chunk);
    return this.#exchange.flushed();
  }

  finish(): void {
    this.#exchange.finish();
  }

  setMaxBodySize(bytes: number): void {
    this.#exchange.setMaxBodyBytes(bytes);
  }

  setCloseCallback(callback: (() => void) | null): void {
    this.#closeCallback = callback;
  }

  #callBack(): void {
    const callback = this.#closeCallback;
    this.#closeCallback = null;
    if (callback !== null) runLogged(callback);
  }
}
