/**
 * FetchSender: sends a fetch Response as the answer to a request.
 *
 * Its body is read no faster than the client takes it. One that is there at once leaves whole with its length; one whose
 * length is not known is chunked. A body that fails half-way closes the connection: it never looks complete.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { Exchange } from "./exchange.ts";
import { sendForeignHead } from "./responsehead.ts";

/** Bytes that are written before the client is waited for. */
const WINDOW_BYTES = 64 * 1024;

/** What is used of a fetch Response; those of other realms and of polyfills have it too. */
export interface FetchResponse {
  readonly status: number;
  readonly statusText: string;
  /** One pair a line for Set-Cookie, one a name for all others. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: BodyStream | null;
}

interface BodyStream {
  getReader(): BodyStreamReader;
  cancel(reason?: unknown): Promise<void>;
}

interface BodyStreamReader {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(reason?: unknown): Promise<void>;
}

/** Tells whether a value is a fetch Response, without loading Node's. */
export function isFetchResponse(value: unknown): value is FetchResponse {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, body } = value as Partial<FetchResponse>;
  return (
    typeof status === "number" &&
    typeof headers === "object" &&
    headers !== null &&
    Symbol.iterator in headers &&
    (body === null || (typeof body === "object" && typeof body.getReader === "function"))
  );
}

/** Sends one Response. */
export class FetchSender {
  readonly #exchange: Exchange;
  #reader: BodyStreamReader | null = null;
  #unflushedBytes = 0;
  #isCancelled = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /**
   * Sends the response, and ends it.
   *
   * @returns settles when it is written, or the client has gone. Rejects with what the response's body failed with; with
   *   CodedError if status, fields, length or pieces of the body are not what can be sent. The caller answers then
   */
  async send(response: FetchResponse): Promise<void> {
    const exchange = this.#exchange;
    const { status, statusText: reason, headers: fields, body } = response;
    if (exchange.isFinished) {
      await body?.cancel(goneError());
      return;
    }
    if (body === null || exchange.method === "HEAD") {
      const bodyBytes = body === null && exchange.method !== "HEAD" ? { bodyBytes: 0 } : {};
      sendForeignHead(exchange, { status, reason, fields, ...bodyBytes });
      exchange.finish();
      await body?.cancel();
      return;
    }
    const reader = body.getReader();
    this.#reader = reader;
    try {
      await this.#sendBody(response, reader);
    } catch (error) {
      reader.cancel(error).catch(ignore);
      if (!this.#isCancelled) throw error;
    } finally {
      this.#reader = null;
    }
  }

  /** The client has gone: the body is told. */
  cancel(): void {
    this.#isCancelled = true;
    this.#reader?.cancel(goneError()).catch(ignore);
  }

  // Steps.

  async #sendBody(response: FetchResponse, reader: BodyStreamReader): Promise<void> {
    const exchange = this.#exchange;
    const { status, statusText: reason, headers: fields } = response;
    const first = await reader.read();
    const next = reader.read();
    // Its rejection is seen below; not at once, if the first piece has to wait for the client.
    next.catch(ignore);
    // Promises that are settled have their say before the ticks: a body made of a text is complete by then.
    const second = first.done ? first : await Promise.race([next, afterMicrotasks()]);
    if (second?.done === true) {
      const piece = first.done ? nothing : bytesOf(first.value);
      const isDeclared = hasContentLength(fields);
      const bodyBytes = isDeclared ? {} : { bodyBytes: piece.length };
      sendForeignHead(exchange, { status, reason, fields, ...bodyBytes });
      exchange.write(piece);
      exchange.finish();
      return;
    }
    sendForeignHead(exchange, { status, reason, fields });
    await this.#write(first.value);
    let result = await next;
    while (!result.done) {
      await this.#write(result.value);
      result = await reader.read();
    }
    exchange.finish();
  }

  async #write(value: unknown): Promise<void> {
    const piece = bytesOf(value);
    this.#exchange.write(piece);
    this.#unflushedBytes += piece.length;
    if (this.#unflushedBytes < WINDOW_BYTES) return;
    this.#unflushedBytes = 0;
    await this.#exchange.flushed();
  }
}

const nothing = new Uint8Array(0);

function hasContentLength(fields: FetchResponse["headers"]): boolean {
  for (const [name] of fields) if (name.toLowerCase() === "content-length") return true;
  return false;
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new CodedError(
    "ERR_HTTP_WRITE_TYPE",
    `the body of a Response gave ${describe(value)}; allowed are pieces of bytes (Uint8Array)`,
  );
}

function afterMicrotasks(): Promise<null> {
  return new Promise((resolve) => process.nextTick(resolve, null));
}

function goneError(): CodedError {
  return new CodedError("ERR_HTTP_CONNECTION_CLOSED", "the client has closed the connection");
}

function ignore(): void {}
