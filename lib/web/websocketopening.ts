/**
 * WebSocketOpening: one attempt to connect to a WebSocket: finding addresses, connecting, the handshake.
 *
 *     run() ──▶ TCPClient ──▶ the request ──▶ heads, until one is not 1xx or is 101 ──▶ the stream, for its next owner
 *       └── an error, the deadline, the signal ──▶ whatever was begun is ended: no descriptor stays
 *
 * websocketConnect() makes one.
 */
import { KiB } from "../base/bytes.ts";
import { CodedError, SystemError } from "../base/errors.ts";
import { IOLoop } from "../loop/ioloop.ts";
import type { IOStream } from "../net/iostream.ts";
import { StreamClosedError } from "../net/streamerrors.ts";
import { TCPClient } from "../net/tcpclient.ts";
import { RefusedBody } from "../http/refusedbody.ts";
import { type ResponseHead, ResponseHeadReader } from "../http/responsehead.ts";
import {
  type ClientAgreement,
  type ClientHandshake,
  judgeAnswer,
  writeHandshake,
} from "../websocket/clienthandshake.ts";
import type { WebSocketAddress } from "../websocket/websocketurl.ts";
import type { ResolvedWebSocketClientOptions } from "./websocketclientoptions.ts";
import { WebSocketHandshakeError } from "./websockethandshakeerror.ts";

/** Most bytes of the heads of the answer, those of 1xx included. */
const HEAD_BYTES = 64 * KiB;

/** Most bytes of the body of a refusal. */
const BODY_BYTES = 64 * KiB;

const READ_BYTES = 64 * KiB;
const SWITCHING_PROTOCOLS = 101;

/** What is asked for. */
export interface OpeningRequest {
  readonly address: WebSocketAddress;
  readonly handshake: ClientHandshake;
  /** Further field lines, each with its CRLF. */
  readonly lines: string;
}

/** A stream on which frames follow. */
export interface OpenedStream extends ClientAgreement {
  readonly stream: IOStream;
  readonly head: ResponseHead;
  /** What came behind the head. */
  readonly behind: Buffer;
}

/** Who makes the connection. */
export interface WebSocketConnector {
  connect(host: string, port: number): Promise<IOStream>;
  /** Nothing more is wanted; what is being connected is given up. */
  close(): void;
}

export class WebSocketOpening {
  readonly #request: OpeningRequest;
  readonly #options: ResolvedWebSocketClientOptions;
  readonly #loop = IOLoop.current();
  readonly #connector: WebSocketConnector;
  #stream: IOStream | null = null;
  /** Why it was given up. */
  #failure: unknown = null;

  /** @param connector becomes its own; null = a TCPClient */
  constructor(
    request: OpeningRequest,
    options: ResolvedWebSocketClientOptions,
    connector: WebSocketConnector | null,
  ) {
    this.#request = request;
    this.#options = options;
    this.#connector = connector ?? new TCPClient({ resolver: options.resolver ?? undefined });
  }

  /**
   * Runs it, once.
   *
   * @param use takes the stream over, in the same step, if the attempt has not been given up
   * @returns what `use` returns; rejects with WebSocketHandshakeError, SystemError (ECONNREFUSED, ENOTFOUND, …), CodedError
   *   ERR_CONNECT_TIMEOUT or ERR_WEBSOCKET_HANDSHAKE, or the reason of the signal
   */
  async run<T>(use: (opened: OpenedStream) => T): Promise<T> {
    const { connectTimeoutMs, signal } = this.#options;
    signal?.throwIfAborted();
    const deadlineMs = this.#loop.clock.now() + connectTimeoutMs;
    const deadline = this.#loop.wheel.addCallback(deadlineMs, () => this.#giveUp(this.#timeout()));
    this.#loop.wheelChanged(deadlineMs);
    const onAbort = () => this.#giveUp(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const { host, port } = this.#request.address;
      this.#stream = await this.#connector.connect(host, port);
      if (this.#failure !== null) throw this.#failure;
      return use(await this.#handshake(this.#stream));
    } catch (error) {
      this.#stream?.abort();
      throw this.#failure ?? reasonOf(error);
    } finally {
      this.#loop.wheel.cancel(deadline);
      signal?.removeEventListener("abort", onAbort);
      this.#connector.close();
    }
  }

  #giveUp(error: unknown): void {
    this.#failure = error ?? new CodedError("ERR_STREAM_CLOSED", "aborted");
    this.#connector.close();
    this.#stream?.abort();
  }

  #timeout(): CodedError {
    const { connectTimeoutMs } = this.#options;
    const phase = this.#stream === null ? "no connection" : "no answer to the handshake";
    return new CodedError(
      "ERR_CONNECT_TIMEOUT",
      `${phase} from ${this.#request.address.authority} within connectTimeoutMs, ${connectTimeoutMs} ms`,
    );
  }

  async #handshake(stream: IOStream): Promise<OpenedStream> {
    const { handshake, lines } = this.#request;
    void stream.write(Buffer.from(writeHandshake(handshake, lines), "latin1"));
    const reader = new ResponseHeadReader({ maxBytes: HEAD_BYTES });
    const head = await this.#readHead(stream, reader);
    if (this.#failure !== null) throw this.#failure;
    const behind = reader.takeRest();
    const { code, version } = head.startLine;
    if (code !== SWITCHING_PROTOCOLS) throw await this.#refusal(stream, head, behind);
    const agreement = judgeAnswer(version, head.headers, handshake);
    if (typeof agreement === "string") {
      throw new WebSocketHandshakeError(
        `the server's 101 opens no WebSocket: ${agreement}`,
        head,
        Buffer.alloc(0),
      );
    }
    return { ...agreement, stream, head, behind };
  }

  /** Reads heads until one is not of those that come before the answer. RFC 9110 §15.2. */
  async #readHead(stream: IOStream, reader: ResponseHeadReader): Promise<ResponseHead> {
    let piece: Buffer = await nextPiece(stream);
    for (;;) {
      const head = readPiece(reader, piece);
      if (head === null) {
        piece = await nextPiece(stream);
        continue;
      }
      const { code } = head.startLine;
      if (code >= 200 || code === SWITCHING_PROTOCOLS) return head;
      piece = reader.takeRest();
      if (piece.length === 0) piece = await nextPiece(stream);
    }
  }

  async #refusal(stream: IOStream, head: ResponseHead, behind: Buffer): Promise<Error> {
    const body = new RefusedBody(head, BODY_BYTES);
    body.push(behind);
    try {
      while (!body.isEnded) body.push(await stream.readBytes(READ_BYTES, { partial: true }));
    } catch (error) {
      // Cut short by the connection, it is told as far as it came.
      if (!(error instanceof StreamClosedError)) throw error;
    }
    const { code, reason } = head.startLine;
    return new WebSocketHandshakeError(
      `the server opens no WebSocket; it answered ${code} ${reason}`.trimEnd(),
      head,
      body.bytes,
    );
  }
}

async function nextPiece(stream: IOStream): Promise<Buffer> {
  try {
    return await stream.readBytes(READ_BYTES, { partial: true });
  } catch (error) {
    if (error instanceof StreamClosedError && error.realError === null) {
      throw new CodedError(
        "ERR_WEBSOCKET_HANDSHAKE",
        "the server closed the connection before it had answered the handshake",
        { cause: error },
      );
    }
    throw error;
  }
}

function readPiece(reader: ResponseHeadReader, piece: Buffer): ResponseHead | null {
  try {
    return reader.push(piece);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError(
      "ERR_WEBSOCKET_HANDSHAKE",
      `the answer to the handshake is malformed: ${why}`,
      { cause },
    );
  }
}

/** The kernel's own error rather than that the stream is closed because of it. */
function reasonOf(error: unknown): unknown {
  const real = error instanceof StreamClosedError ? error.realError : null;
  return real instanceof SystemError ? real : error;
}
