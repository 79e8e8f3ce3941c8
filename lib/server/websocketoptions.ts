/** The options of a WebSocket, each with its default, range and unit. */
import { KiB, MiB } from "../base/bytes.ts";
import { boolean, type Input, integer, oneOf, options, type Resolved } from "../base/options.ts";

const HOUR_MS = 3_600_000;

/** Those of both ends. */
export const webSocketOptions = options({
  /** Most bytes of a message, and of the message it is decompressed to. Over it: close 1009. */
  maxMessageBytes: integer({ default: 10 * MiB, min: 1, max: 1024 * MiB }),
  /** Time after which a ping is sent, in ms, from one to the next; 0 = never. */
  pingIntervalMs: integer({ default: 0, min: 0, max: 24 * HOUR_MS }),
  /** Time for the pong, in ms; null = pingIntervalMs, which it may not exceed; 0 = for ever. Over it: close 1000 "ping timed out". */
  pingTimeoutMs: integer({ default: null, min: 0, max: 24 * HOUR_MS }),
  /** Time for the peer to answer a close frame, in ms, once it has taken what was sent before. Over it: the connection is cut off. */
  closeTimeoutMs: integer({ default: 5_000, min: 10, max: HOUR_MS }),
  /** Bytes queued for a peer above which further messages wait in the connection's own queue. */
  highWaterBytes: integer({ default: 256 * KiB, min: 1, max: 1024 * MiB }),
  /** Most bytes of messages in that queue, each counted with 64 more for itself. */
  maxQueuedBytes: integer({ default: 16 * MiB, min: 0, max: 1024 * MiB }),
  /**
   * What happens to a message that queue has no room for: it is refused (wait), the oldest make room (dropOldest), the
   * connection is closed with 1013 (close). With coalesce a message replaces the queued one of the same key, and is
   * refused otherwise.
   */
  queuePolicy: oneOf({ values: ["wait", "dropOldest", "coalesce", "close"], default: "wait" }),
});

/** Those of a handler's WebSockets besides. */
export const webSocketServerOptions = options({
  /**
   * Binary messages of 16 KiB and more are lent to onMessage() and freed when it has returned, or the promise it returned
   * has settled: a Buffer that was kept is empty then. What writeMessage() has not sent by then is kept by itself.
   */
  lendsMessages: boolean({ default: false }),
});

/** All that a handler's `static websocket` may say. */
export const webSocketHandlerOptions = options({ ...webSocketOptions, ...webSocketServerOptions });

export type WebSocketOptions = Input<typeof webSocketHandlerOptions>;
export type ResolvedWebSocketOptions = Resolved<typeof webSocketOptions>;
export type QueuePolicy = ResolvedWebSocketOptions["queuePolicy"];
