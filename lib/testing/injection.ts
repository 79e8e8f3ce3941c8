/**
 * Injection: one request on a connection in memory, and its answer as it is read. inject() and injectStream() make one.
 *
 *     begin() ──▶ the head is sent, the body after it ─┐ at the same time, for an answer may come before
 *        head() ──▶ heads of 1xx, the answer's         ◀┘
 *        pieces() ──▶ the body without its framing; trailers
 *     end() ──▶ the connection is closed
 *
 * Whatever ends it early, the time among them, is an error that names the request.
 */
import { KiB } from "../base/bytes.ts";
import { quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { IOStream } from "../net/iostream.ts";
import { StreamClosedError } from "../net/streamerrors.ts";
import { HTTPHeaders } from "../http/httpheaders.ts";
import type { ResponseHead } from "../http/responsehead.ts";
import { parseResponseStartLine } from "../http/startlines.ts";
import type { MemoryConnection } from "../server/memoryconnection.ts";
import { InjectedHead } from "./injectedresponse.ts";
import type { OutgoingRequest } from "./injectrequest.ts";
import { clearTimeout, setTimeout, type Timer } from "./realtime.ts";

const READ_BYTES = 64 * KiB;
const HEAD_BYTES = 1024 * KiB;
const CHUNK_LINE_BYTES = 4 * KiB;
const CHUNK_LINE = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[^\r\n]*)?\r\n$/;
const CONTINUE = 100;
const SWITCHING_PROTOCOLS = 101;
const CRLF = Buffer.from("\r\n");

/** How the end of a body is found. */
type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "end" };

export class Injection {
  readonly #request: OutgoingRequest;
  readonly #connection: MemoryConnection;
  readonly #stream: IOStream;
  readonly interim: InjectedHead[] = [];
  trailers = new HTTPHeaders();
  #head: ResponseHead | null = null;
  #bodyBytes = 0;
  /** Why it was given up. */
  #failure: unknown = null;
  #isWhole = false;
  #hasEnded = false;
  #timer: Timer | null = null;

  constructor(request: OutgoingRequest, connection: MemoryConnection) {
    this.#request = request;
    this.#connection = connection;
    this.#stream = connection.stream;
    this.#stream.allowHalfOpen = true;
  }

  /** Sends the request; its body goes on being sent while the answer is read. */
  begin(): void {
    this.setTimer();
    this.#write(this.#request.head);
    if (!this.#request.expectsContinue) void this.#sendBody();
  }

  /** The time begins, or begins again. */
  setTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.giveUp(this.#timeout()), this.#request.timeoutMs);
  }

  /** Nobody waits. */
  stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /**
   * Reads until the head of the answer itself.
   *
   * @throws CodedError ERR_INJECT_TIMEOUT, ERR_INJECT_BROKEN; what the body's pieces threw
   */
  async head(): Promise<ResponseHead> {
    for (;;) {
      const head = await this.#readHead();
      const { code } = head.startLine;
      if (code >= 200 || code === SWITCHING_PROTOCOLS) {
        this.#head = head;
        return head;
      }
      this.interim.push(new InjectedHead(head, []));
      if (code === CONTINUE && this.#request.expectsContinue) void this.#sendBody();
    }
  }

  /** The body of the answer whose head has been read. @throws as head() does */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    const framing = this.#framing();
    if (framing.kind === "length") yield* this.#counted(framing.bytes);
    else if (framing.kind === "chunked") yield* this.#chunks();
    else if (framing.kind === "end") yield* this.#untilEnd();
    this.#isWhole = true;
  }

  /** Ends it at once, with this error for whoever reads. */
  giveUp(error: unknown): void {
    if (this.#hasEnded) return;
    this.#failure ??= error;
    this.#connection.reset();
  }

  /** Closes the connection, whatever state it is in. */
  end(): void {
    this.#hasEnded = true;
    this.stopTimer();
    if (this.#isWhole) this.#stream.close();
    else this.#connection.reset();
  }

  // Sending.

  async #sendBody(): Promise<void> {
    const { body, pieces } = this.#request;
    if (pieces === null) {
      if (body !== null && body.length > 0) this.#write(body);
      return;
    }
    try {
      for await (const piece of pieces) {
        const bytes = Buffer.from(piece as string);
        if (this.#stream.closed) return;
        if (bytes.length === 0) continue;
        this.#write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]));
      }
      this.#write(Buffer.from("0\r\n\r\n"));
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** The server may have closed the connection; what it has answered before is read all the same. */
  #write(bytes: Buffer): void {
    if (!this.#stream.closed) this.#stream.write(bytes).catch(() => {});
  }

  // Reading.

  async #readHead(): Promise<ResponseHead> {
    const bytes = await this.#until("\r\n\r\n", HEAD_BYTES);
    return this.#parsed(() => {
      const text = bytes.toString("latin1");
      const end = text.indexOf("\r\n");
      const startLine = parseResponseStartLine(text.slice(0, end));
      return { startLine, headers: HTTPHeaders.parse(text.slice(end + 2)) };
    });
  }

  #framing(): Framing {
    const head = this.#head;
    if (head === null) throw new CodedError("ERR_STATE", "the head comes before the body");
    const { code } = head.startLine;
    const hasNone = code < 200 || code === 204 || code === 304;
    if (this.#request.method === "HEAD" || hasNone) return { kind: "none" };
    const coding = head.headers.get("Transfer-Encoding");
    if (coding !== null) {
      if (coding.toLowerCase() === "chunked") return { kind: "chunked" };
      throw this.#broken(`its Transfer-Encoding is ${quote(coding)}`, null);
    }
    const length = head.headers.get("Content-Length");
    if (length === null) return { kind: "end" };
    if (/^[0-9]{1,15}$/.test(length)) return { kind: "length", bytes: Number(length) };
    throw this.#broken(`its Content-Length is ${quote(length)}`, null);
  }

  async *#counted(bytes: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = bytes; left > 0; ) {
      const piece = await this.#read(Math.min(left, READ_BYTES));
      left -= piece.length;
      this.#bodyBytes += piece.length;
      yield piece;
    }
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const line = (await this.#until("\r\n", CHUNK_LINE_BYTES)).toString("latin1");
      const size = CHUNK_LINE.exec(line)?.[1];
      if (size === undefined) throw this.#broken(`a chunk begins with ${quote(line)}`, null);
      const bytes = Number.parseInt(size, 16);
      if (bytes === 0) break;
      yield* this.#counted(bytes);
      const end = (await this.#until("\r\n", CHUNK_LINE_BYTES)).toString("latin1");
      if (end !== "\r\n") throw this.#broken(`a chunk ends with ${quote(end)}`, null);
    }
    for (;;) {
      const line = await this.#until("\r\n", HEAD_BYTES);
      if (line.length === CRLF.length) return;
      this.#parsed(() => this.trailers.parseLine(line.toString("latin1")));
    }
  }

  async *#untilEnd(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      let piece: Buffer;
      try {
        piece = await this.#stream.readBytes(READ_BYTES, { partial: true });
      } catch (error) {
        const isEnd = error instanceof StreamClosedError && error.realError === null;
        if (isEnd && this.#failure === null) return;
        throw this.#reasonOf(error);
      }
      this.#bodyBytes += piece.length;
      yield piece;
    }
  }

  async #read(bytes: number): Promise<Buffer> {
    try {
      return await this.#stream.readBytes(bytes, { partial: true });
    } catch (error) {
      throw this.#reasonOf(error);
    }
  }

  async #until(delimiter: string, maxBytes: number): Promise<Buffer> {
    try {
      return await this.#stream.readUntil(delimiter, { maxBytes });
    } catch (error) {
      throw this.#reasonOf(error);
    }
  }

  #parsed<T>(parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      throw this.#broken(error instanceof Error ? error.message : String(error), error);
    }
  }

  // Errors.

  #reasonOf(error: unknown): unknown {
    if (this.#failure !== null) return this.#failure;
    if (!(error instanceof StreamClosedError)) return error;
    const { realError } = error;
    return this.#broken(realError === null ? null : realError.message, error);
  }

  #broken(why: string | null, cause: unknown): CodedError {
    const how = why ?? "the server closed the connection; a handler, or a limit, may have ended it";
    return new CodedError(
      "ERR_INJECT_BROKEN",
      `${this.#request.name}: ${this.#missing}: ${how}${this.#progress}`,
      cause === null ? {} : { cause },
    );
  }

  #timeout(): CodedError {
    const { name, timeoutMs } = this.#request;
    return new CodedError(
      "ERR_INJECT_TIMEOUT",
      `${name}: ${this.#missing} within timeoutMs, ${timeoutMs} ms${this.#progress}`,
    );
  }

  get #missing(): string {
    return this.#head === null ? "no answer came" : "the answer did not end";
  }

  get #progress(): string {
    if (this.#head === null) return "";
    const { code } = this.#head.startLine;
    return `; it is ${code}, and ${this.#bodyBytes} bytes of its body came`;
  }
}
