/** The options of websocketConnect() that a handler's WebSocket does not have, each with its default, range and unit. */
import { KiB, MiB } from "../base/bytes.ts";
import {
  custom,
  func,
  type Input,
  integer,
  list,
  options,
  type Resolved,
  string,
} from "../base/options.ts";
import type { NameResolver } from "../net/resolver.ts";
import type { HeaderPairs } from "../http/httpheaders.ts";
import { webSocketOptions } from "../server/websocketoptions.ts";
import type { WebSocketCompressionOptions } from "./websocketcompression.ts";

const HOUR_MS = 3_600_000;

export const webSocketConnectOptions = options({
  /** Time for all of it, in ms: finding the host's addresses, connecting, the handshake. Over it: ERR_CONNECT_TIMEOUT. */
  connectTimeoutMs: integer({ default: 20_000, min: 1, max: HOUR_MS }),
  /** Bytes of messages that are kept for readMessage(), each counted with 64 more. Past it the server waits. */
  maxUnreadBytes: integer({ default: 256 * KiB, min: 0, max: 1024 * MiB }),
  /** Further fields of the request, HTTPHeaders or an object; Host may be among them. null = none. */
  headers: custom<HeaderPairs | null>({
    type: "headers",
    default: null,
    allowed: "HTTPHeaders, pairs of names and values, or an object of strings",
    isAllowed: (value) => typeof value === "object",
  }),
  /** Subprotocols to offer, in order of preference. */
  subprotocols: list({ default: [], of: string({ default: "" }) }),
  /** The Origin field; null = none. */
  origin: string({ default: null }),
  /** permessage-deflate as it is offered and done, {} = with its defaults; null = it is not offered. */
  compressionOptions: custom<WebSocketCompressionOptions | null>({
    type: "options",
    default: null,
    allowed: "an object of the options of getCompressionOptions()",
    isAllowed: (value) => typeof value === "object",
  }),
  /** Who knows the names' addresses; null = the system. It stays the caller's to close. */
  resolver: custom<NameResolver | null>({
    type: "resolver",
    default: null,
    allowed: "an object with resolve() and close()",
    isAllowed: (value) => typeof (value as NameResolver).resolve === "function",
  }),
  /** Ends the attempt to connect; what is connected it does not touch. null = none. */
  signal: custom<AbortSignal | null>({
    type: "AbortSignal",
    default: null,
    allowed: "an AbortSignal",
    isAllowed: (value) => value instanceof AbortSignal,
  }),
  /** Called for each message, instead of readMessage(); the next one waits for the promise it may return. */
  onMessage: func<(message: string | Buffer) => unknown>(),
  /** Called for each ping; it has been answered. */
  onPing: func<(payload: Buffer) => unknown>(),
  /** Called for each pong. */
  onPong: func<(payload: Buffer) => unknown>(),
  /** Called once when the connection has ended. */
  onClose: func<() => unknown>(),
});

/** Those, and those of every WebSocket. */
export const webSocketClientOptions = options({
  ...webSocketOptions,
  ...webSocketConnectOptions,
});

export type WebSocketClientOptions = Input<typeof webSocketClientOptions>;
export type ResolvedWebSocketClientOptions = Resolved<typeof webSocketClientOptions>;

/** What to connect to, with fields of its own; anything with a url will do. */
export interface WebSocketRequest {
  /** ws://host[:port]/path?query */
  readonly url: string | URL;
  /** Fields of the request; those of the options replace them. */
  readonly headers?: HeaderPairs | null | undefined;
}
