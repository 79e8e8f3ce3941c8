/** What websocketConnect() rejects with when the server answers with anything but a WebSocket. */
import { CodedError } from "../base/errors.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import type { ResponseHead } from "../http/responsehead.ts";

/** The server answered, but not with a WebSocket: its code is ERR_WEBSOCKET_HANDSHAKE. */
export class WebSocketHandshakeError extends CodedError {
  static {
    WebSocketHandshakeError.prototype.name = "WebSocketHandshakeError";
  }

  /** 101 if the answer was meant to be one, but is wrong. */
  readonly status: number;
  readonly reason: string;
  readonly headers: HTTPHeaders;
  /** What was read of the response's body, at most 64 KiB; empty after a 101. */
  readonly body: Buffer;

  constructor(message: string, { startLine, headers }: ResponseHead, body: Buffer) {
    super("ERR_WEBSOCKET_HANDSHAKE", message);
    this.status = startLine.code;
    this.reason = startLine.reason;
    this.headers = headers;
    this.body = body;
  }
}
