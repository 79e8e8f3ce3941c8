/**
 * websocketConnect(): connects to a WebSocket, after Tornado's websocket_connect().
 *
 *     const connection = await websocketConnect("ws://127.0.0.1:8888/chat", { subprotocols: ["chat.v1"] });
 *     await connection.writeMessage({ hello: "there" });
 *     const answer = await connection.readMessage(); // null: the connection has ended
 *     connection.close(1000, "done");
 *     await connection.closed;
 *
 * No redirect is followed and no proxy asked.
 *
 * @see RFC 6455 §4.1
 */
import { randomBytes } from "node:crypto";
import { isToken } from "../base/bytes.ts";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { type HeaderPairs, HTTPHeaders } from "../http/httpheaders.ts";
import { encodeUsernamePassword } from "../http/urlconcat.ts";
import { HANDSHAKE_FIELDS } from "../websocket/clienthandshake.ts";
import { parseWebSocketURL, type WebSocketAddress } from "../websocket/websocketurl.ts";
import { clientFrames, clientWebSocket } from "../server/clientwebsocket.ts";
import type { WebSocketProfile } from "../server/websocketprofile.ts";
import { WebSocketClientConnection } from "./websocketclientconnection.ts";
import {
  type ResolvedWebSocketClientOptions,
  type WebSocketClientOptions,
  type WebSocketRequest,
  webSocketClientOptions,
} from "./websocketclientoptions.ts";
import {
  type CompressionWishes,
  compressionAsClient,
  webSocketCompressionOptions,
} from "./websocketcompression.ts";
import {
  type OpenedStream,
  type OpeningRequest,
  type WebSocketConnector,
  WebSocketOpening,
} from "./websocketopening.ts";

const KEY_BYTES = 16;

/**
 * Connects.
 *
 * @param to a ws: URL, or an object with one and with fields. A user and a password in the URL become Basic authorization
 * @returns rejects with WebSocketHandshakeError if the server answers with anything but a WebSocket; CodedError
 *   ERR_WEBSOCKET_HANDSHAKE if it does not answer in HTTP; SystemError ECONNREFUSED, ENOTFOUND, …; CodedError
 *   ERR_CONNECT_TIMEOUT; the signal's reason
 * @throws CodedError ERR_WEBSOCKET_URL; ERR_TLS_UNAVAILABLE for wss:; ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE,
 *   ERR_OPTION_RANGE, ERR_ARGUMENT_RANGE
 */
export function websocketConnect(
  to: string | URL | WebSocketRequest,
  given: WebSocketClientOptions = {},
): Promise<WebSocketClientConnection> {
  return websocketConnectBy(null, to, given);
}

/** The same over a connection that somebody else makes; null = TCP. For tests. */
export function websocketConnectBy(
  connector: WebSocketConnector | null,
  to: string | URL | WebSocketRequest,
  given: WebSocketClientOptions,
): Promise<WebSocketClientConnection> {
  const options = resolve("websocketConnect()", webSocketClientOptions, given);
  const { pingIntervalMs, pingTimeoutMs } = options;
  if (pingIntervalMs > 0 && (pingTimeoutMs ?? 0) > pingIntervalMs) {
    log.warn(
      `the ping timeout is ${pingTimeoutMs} ms, longer than the interval; ${pingIntervalMs} ms is taken`,
    );
  }
  const { url, headers } = requestOf(to);
  const address = parseWebSocketURL(url);
  const { compressionOptions } = options;
  const wishes =
    compressionOptions === null
      ? null
      : resolve("compressionOptions", webSocketCompressionOptions, compressionOptions);
  const request = openingRequest(address, headers ?? {}, options, wishes);
  return new WebSocketOpening(request, options, connector).run((opened) =>
    connectionOf(opened, options, wishes),
  );
}

function requestOf(to: string | URL | WebSocketRequest): WebSocketRequest {
  if (typeof to === "string" || to instanceof URL) return { url: to };
  if (typeof to === "object" && to !== null && "url" in to) return to;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `websocketConnect() was given ${describe(to)}; allowed are a string, a URL and an object with a url`,
  );
}

function openingRequest(
  address: WebSocketAddress,
  ofRequest: HeaderPairs,
  options: ResolvedWebSocketClientOptions,
  deflate: CompressionWishes | null,
): OpeningRequest {
  const { subprotocols, origin } = options;
  const headers = new HTTPHeaders(ofRequest);
  const more = new HTTPHeaders(options.headers ?? {});
  for (const name of more.names()) headers.delete(name);
  for (const [name, value] of more.getAll()) headers.add(name, value);
  for (const name of HANDSHAKE_FIELDS) {
    if (headers.has(name)) {
      throw new CodedError(
        "ERR_ARGUMENT_RANGE",
        `the handshake has a field ${name} of its own, or can have none; leave it out, or use the options`,
      );
    }
  }
  for (const [at, name] of subprotocols.entries()) {
    if (isToken(name) && subprotocols.indexOf(name) === at) continue;
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the subprotocol ${quote(name)} is no token, or named twice. RFC 6455 §4.1`,
    );
  }
  if (origin !== null) headers.set("Origin", origin);
  if (address.userinfo !== null && !headers.has("Authorization")) {
    const credentials = encodeUsernamePassword(address.userinfo);
    headers.set("Authorization", `Basic ${credentials.toString("base64")}`);
  }
  const host = headers.get("Host") ?? address.authority;
  headers.delete("Host");
  const handshake = {
    target: address.target,
    host,
    key: randomBytes(KEY_BYTES).toString("base64"),
    subprotocols,
    deflate,
  };
  return { address, handshake, lines: headers.toString() };
}

/** Takes the stream over. */
function connectionOf(
  { stream, head, behind, subprotocol, deflate }: OpenedStream,
  options: ResolvedWebSocketClientOptions,
  wishes: CompressionWishes | null,
): WebSocketClientConnection {
  const { headers } = head;
  const loop = IOLoop.current();
  const client = new WebSocketClientConnection({ loop, options, headers, subprotocol });
  const profile: WebSocketProfile = {
    loop,
    frames: clientFrames(loop),
    server: null,
    options,
    expectsMask: false,
    lendsMessages: false,
    onEnded: () => WebSocketClientConnection.ended(client),
    onListenerError: (_listener, error) => {
      log.error("Uncaught exception in a callback of websocketConnect()", error);
    },
  };
  const compression =
    deflate === null || wishes === null
      ? null
      : compressionAsClient(deflate, wishes, options.maxMessageBytes);
  const isOpen = WebSocketClientConnection.attach(client, (listener) =>
    clientWebSocket({ profile, listener, stream, behind, compression }),
  );
  if (isOpen) return client;
  throw new CodedError("ERR_WEBSOCKET_CLOSED", "the connection ended during the handshake");
}
