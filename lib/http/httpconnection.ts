/**
 * HTTPConnection and the delegates: how a request is answered without a RequestHandler, after Tornado's httputil.
 *
 *     new HTTPServer((request) => {                        // a function: called when the body is there
 *       request.connection.writeHeaders(
 *         new ResponseStartLine("HTTP/1.1", 200, "OK"),
 *         new HTTPHeaders({ "Content-Length": "2" }),
 *         "OK",
 *       );
 *       request.connection.finish();
 *     });
 *
 * Interfaces only: the server floor has the connection, users have the delegates.
 */
import type { HTTPHeaders } from "./httpheaders.ts";
import type { RequestStartLine, ResponseStartLine } from "./startlines.ts";

/** Where a request is answered: once writeHeaders(), any number of write(), once finish(). */
export interface HTTPConnection {
  /**
   * Sends the head, and perhaps the beginning of the body.
   *
   * How the body is delimited and whether the connection goes on is the server's to write. Of the fields that say so,
   * Content-Length (a promise that is held to) and "Connection: close" are heeded; without a Content-Length the body is
   * chunked, or for HTTP/1.0 ends with the connection. A Date is added if there is none. RFC 9112 §6, RFC 9110 §6.6.1
   *
   * @returns as write()
   * @throws CodedError ERR_HTTP_HEADERS_SENT; ERR_HTTP_STATUS if the code is not an integer from 200 to 999;
   *   ERR_HTTP_BODY_LENGTH if Content-Length is not a number of bytes, or `chunk` is longer
   */
  writeHeaders(
    startLine: ResponseStartLine,
    headers: HTTPHeaders,
    chunk?: string | Uint8Array,
  ): Promise<void>;
  /**
   * Sends a piece of the body: text as UTF-8, or bytes, which must not be changed any more.
   *
   * @returns settles when the client keeps up: await it between the pieces of a long body. Rejects with
   *   ERR_HTTP_CONNECTION_CLOSED if the client has gone
   * @throws CodedError ERR_HTTP_FINISHED before writeHeaders() and after finish(); ERR_HTTP_BODY_LENGTH over Content-Length
   */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Ends the response. @throws CodedError ERR_HTTP_BODY_LENGTH if less was written than Content-Length said */
  finish(): void;
  /**
   * Sets how large the body of this request may be, in bytes: in startRequest() or headersReceived() of a delegate, or
   * while it arrives. Over it: 413.
   */
  setMaxBodySize(bytes: number): void;
  /** Has `callback` called once if the client goes away before finish(); null = nobody. */
  setCloseCallback(callback: (() => void) | null): void;
}

/**
 * Takes one request as it arrives.
 *
 *     headersReceived · dataReceived … · finish        exactly one of finish
 *     headersReceived · dataReceived … · onConnectionClose     and onConnectionClose, and nothing after it
 *
 * If headersReceived or dataReceived returns a promise, the next call waits for it, and so does the client. One that
 * throws or rejects is logged, and the request answered with 500 if it was not yet answered.
 */
export interface HTTPMessageDelegate {
  headersReceived(startLine: RequestStartLine, headers: HTTPHeaders): unknown;
  /** @param chunk the delegate's to keep */
  dataReceived(chunk: Buffer): unknown;
  /** The request is whole. */
  finish(): unknown;
  /** The request will not become whole: the client went away, or the response was complete before. */
  onConnectionClose(): unknown;
}

/** Takes the requests of a server. */
export interface HTTPServerConnectionDelegate {
  /**
   * Called once a request, when its head is there.
   *
   * @param serverConnection  the server; opaque
   * @param requestConnection where the request is answered
   */
  startRequest(
    serverConnection: object,
    requestConnection: HTTPConnection,
  ): Partial<HTTPMessageDelegate>;
}
