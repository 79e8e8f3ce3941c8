/**
 * StandInSocket: what a `(req, res)` listener finds as `req.socket`, and what Node's ServerResponse writes to.
 *
 * It takes the text that ServerResponse makes of status and fields apart again, gives them to our Exchange, and what
 * follows as the body, no faster than the client takes it. Reading from it gives nothing: the request's body comes by req.
 * Destroying it before the response is complete closes the client's connection.
 */
import { isIPv6 } from "node:net";
import { Duplex } from "node:stream";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import type { Exchange } from "./exchange.ts";
import { sendForeignHead, sendInterim, summaryOf } from "./responsehead.ts";

/** Bytes that are written before the client is waited for; also how much req and res hold. */
const WINDOW_BYTES = 64 * 1024;

const FIRST_FINAL_STATUS = 200;
const SWITCHING_PROTOCOLS = 101;
const CONTINUE = 100;

const STATUS_LINE = /^HTTP\/1\.[01] ([0-9]{3}) ?(.*)$/;

type Callback = (error?: Error | null) => void;
type Piece = { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding };

export class StandInSocket extends Duplex {
  readonly connecting = false;
  readonly #exchange: Exchange;
  #remoteAddress: string | null = null;
  #unflushedBytes = 0;

  constructor(exchange: Exchange) {
    // Text is left as it is: a head is latin1, whatever encoding the body behind it has.
    super({ decodeStrings: false, highWaterMark: WINDOW_BYTES });
    this.#exchange = exchange;
    // What it is destroyed with has been told where it came about.
    this.on("error", () => {});
  }

  // As of a socket.

  /** The client's address, as HTTPServerRequest has it; "" if it is first asked for when the client has gone. */
  get remoteAddress(): string {
    this.#remoteAddress ??= this.#exchange.remoteIp;
    return this.#remoteAddress;
  }

  get remoteFamily(): "IPv4" | "IPv6" {
    return isIPv6(this.remoteAddress) ? "IPv6" : "IPv4";
  }

  /** True if the client came by TLS, here or at a proxy that is trusted. */
  get encrypted(): boolean {
    return this.#exchange.protocol === "https";
  }

  // Deadlines are the server's, so these do nothing.

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): object {
    return {};
  }

  // Called by Duplex.

  override _read(): void {}

  override _write(chunk: string | Uint8Array, encoding: BufferEncoding, callback: Callback): void {
    this._writev([{ chunk, encoding }], callback);
  }

  override _writev(pieces: readonly Piece[], callback: Callback): void {
    const exchange = this.#exchange;
    if (exchange.isFinished) {
      callback();
      return;
    }
    try {
      for (const piece of pieces) this.#take(piece);
    } catch (error) {
      log.error(`cannot send what a listener wrote: ${summaryOf(exchange)}`, error);
      // Now: ServerResponse takes what it has ended for finished, even if it could not be written.
      exchange.abort();
      callback(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#unflushedBytes < WINDOW_BYTES) {
      callback();
      return;
    }
    this.#unflushedBytes = 0;
    // If the client goes meanwhile, the socket is destroyed: nobody waits for the callback then.
    exchange.flushed().then(
      () => callback(),
      () => callback(),
    );
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#exchange.abort();
    callback(error);
  }

  // Steps.

  #take({ chunk, encoding }: Piece): void {
    const exchange = this.#exchange;
    let rest = chunk;
    while (!exchange.isHeadSent && !exchange.isGone) {
      if (rest.length === 0) return;
      const end = typeof rest === "string" ? rest.indexOf("\r\n\r\n") : -1;
      if (typeof rest !== "string" || end === -1) {
        throw new CodedError(
          "ERR_HTTP_FINISHED",
          "something was written to req.socket; a response is written to res, and protocols cannot be switched here",
        );
      }
      const isFinal = this.#sendHead(rest.slice(0, end));
      rest = rest.slice(end + 4);
      // Node sends each interim response by itself: more behind it was smuggled in by a field's value.
      if (!isFinal && rest.length > 0) {
        throw new CodedError(
          "ERR_HTTP_FIELD_VALUE",
          "a field of an interim response ends its head",
        );
      }
    }
    if (typeof rest === "string" && encoding !== "utf8" && encoding !== "utf-8") {
      rest = Buffer.from(rest, encoding);
    }
    exchange.write(rest);
    this.#unflushedBytes += rest.length;
  }

  /**
   * @param text status line and field lines, with CRLF between them, of latin1 characters
   * @returns false if it was an interim response
   */
  #sendHead(text: string): boolean {
    const exchange = this.#exchange;
    const [line = "", ...lines] = text.split("\r\n");
    const [, code = "", reason = ""] = STATUS_LINE.exec(line) ?? [];
    const status = Number(code);
    const fields = lines.map(pairOf);
    if (status >= FIRST_FINAL_STATUS) {
      sendForeignHead(exchange, { status, reason, fields });
      return true;
    }
    if (status === SWITCHING_PROTOCOLS || status < CONTINUE) {
      throw new CodedError(
        "ERR_HTTP_STATUS",
        `a listener cannot answer with status ${status}; protocols cannot be switched here`,
      );
    }
    // That the client may send its body the server says by itself.
    if (status !== CONTINUE) sendInterim(exchange, { status, reason, fields });
    return false;
  }
}

function pairOf(line: string): readonly [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}
