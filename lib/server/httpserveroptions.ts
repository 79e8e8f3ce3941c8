/** The options of HTTPServer, each with its default, range and unit. Application.listen() takes the same. */
import { KiB, MiB } from "../base/bytes.ts";
import {
  boolean,
  type Input,
  integer,
  list,
  oneOf,
  options,
  type Resolved,
  resolve,
  string,
} from "../base/options.ts";
import { LONGEST_TCP_KEEP_ALIVE_MS, TCP_KEEP_ALIVE_MS } from "../net/listeningsockets.ts";

/** The addon keeps offsets into a head in 24 bits. */
const MOST_HEADER_BYTES = 1 * MiB;
const HOUR_MS = 3_600_000;

export const httpServerOptions = options({
  /** Most bytes of a request head (request line and fields). Over it: 431, then close. RFC 6585 §5. */
  maxHeaderBytes: integer({ default: 64 * KiB, min: 256, max: MOST_HEADER_BYTES }),
  /** Most fields of a request head; maxHeaderBytes bounds them, too. Over it: 431, then close. */
  maxHeaderCount: integer({ default: 10_000, min: 1, max: 65_536 }),
  /** Most bytes of a request target. Over it: 414, then close. RFC 9110 §15.5.15. */
  maxTargetBytes: integer({ default: 16 * KiB, min: 16, max: MOST_HEADER_BYTES }),
  /** Most bytes of a request body, decoded from chunks; 0 = no body at all. Over it: 413 before a byte of it is read if the length is declared, 400 if it is chunked; then close. */
  maxBodyBytes: integer({ default: 100 * MiB, min: 0, max: Number.MAX_SAFE_INTEGER }),
  /** Time for a head from its first byte on, in ms; 0 = for ever. Over it: 408, then close. */
  headTimeoutMs: integer({ default: 20_000, min: 0, max: HOUR_MS }),
  /** Time for a body, in ms, to which every 1000 / minBodyBytesPerSecond ms a byte has arrived are added; 0 = for ever. Over it: 408, then close. */
  bodyTimeoutMs: integer({ default: 30_000, min: 0, max: HOUR_MS }),
  /** Rate in bytes a second above which a body may take as long as it likes; 0 = the time is bodyTimeoutMs whatever arrives. */
  minBodyBytesPerSecond: integer({ default: 500, min: 0, max: 1024 * MiB }),
  /** Most bytes of a piece that the reader of a streamed body is given. */
  chunkBytes: integer({ default: 64 * KiB, min: 1, max: 16 * MiB }),
  /** Decode request bodies whose Content-Encoding is one of gzip, x-gzip, deflate, br and, where Node.js has it, zstd; maxBodyBytes counts what they decode to. The field is then called X-Consumed-Content-Encoding. Malformed: 400, then close. RFC 9110 §8.4. */
  decompressRequest: boolean({ default: false }),
  /** Take a request's address from X-Real-Ip or X-Forwarded-For, and its scheme from X-Scheme or X-Forwarded-Proto. Only behind a proxy that sets them: a client may send what it likes. */
  xheaders: boolean({ default: false }),
  /** Proxies that X-Forwarded-For may name besides the client, passed over from its right end: addresses, or networks as "10.0.0.0/8". */
  trustedDownstream: list({ default: [], of: string({ default: "" }) }),
  /** The scheme that requests are said to have come by, "https" behind a proxy that ends TLS; null = how they did come. */
  protocol: oneOf({ values: ["http", "https"], default: null }),
  /** Silence after which a connection without a request is closed, in ms; 0 = never. */
  keepAliveTimeoutMs: integer({ default: 75_000, min: 0, max: HOUR_MS }),
  /** The same under Tornado's name (idle_connection_timeout); wins over keepAliveTimeoutMs where both are given. */
  idleConnectionTimeoutMs: integer({ default: null, min: 0, max: HOUR_MS }),
  /** Time without progress after which a client that does not read its response is cut off, in ms; 0 = never. */
  writeStallTimeoutMs: integer({ default: 60_000, min: 0, max: HOUR_MS }),
  /** Time a client has to read its last response and close, in ms. */
  lingerTimeoutMs: integer({ default: 5_000, min: 10, max: HOUR_MS }),
  /** Most requests of a connection that wait behind an unfinished one; past it the connection is not read from. */
  maxPipelined: integer({ default: 64, min: 1, max: 64 }),
  /** Bytes queued for a client above which flush() waits and its further requests do. */
  highWaterBytes: integer({ default: 256 * KiB, min: 1, max: 1024 * MiB }),
  /** Close every connection after one response. */
  noKeepAlive: boolean({ default: false }),
  /** Connections that the kernel holds until they are accepted; it may allow fewer (net.core.somaxconn). */
  backlog: integer({ default: 1024, min: 1, max: 65_535 }),
  /** Let several processes listen on the same port (SO_REUSEPORT). */
  reusePort: boolean({ default: false }),
  /**
   * Time in ms without a byte after which the kernel asks a peer whether it is there, four times, every 15 s, and closes the
   * connection if it is not; to the second. 0 = never. Hosts with some 100,000 silent connections want 0, and pings or time-outs
   * instead: the kernel asks in bursts, and a network drops those.
   */
  tcpKeepAliveMs: integer({
    default: TCP_KEEP_ALIVE_MS,
    min: 0,
    max: LONGEST_TCP_KEEP_ALIVE_MS,
  }),
  /** Most connections at once, WebSockets and detached ones among them; null = as many as there are descriptors. Over it: 503, then close; over twice as many: closed at once. */
  maxConnections: integer({ default: null, min: 1, max: 1024 ** 2 }),
  /** Most connections at once of one address, an IPv6 address standing for its first 64 bits; null = no limit. Over it as for maxConnections. Behind a proxy all are the proxy's. */
  maxConnectionsPerAddress: integer({ default: null, min: 1, max: 1024 ** 2 }),
  /** Let SIGINT and SIGTERM stop the server, then end the process with code 0; a program with listeners of its own for the signal ends the process itself. Not in worker threads. */
  handleSignals: boolean({ default: true }),
  /** Time that stop() lets what is in progress take, in ms; 0 = none. Over it: the connection is reset. */
  stopGraceMs: integer({ default: 10_000, min: 0, max: HOUR_MS }),
  /** Silence after which a connection without a request is closed while the server stops, in ms; 0 = at once. A request that comes before is answered, and is the last. */
  stopIdleMs: integer({ default: 1_000, min: 0, max: HOUR_MS }),
  /** Time over which the WebSockets of a server that stops are closed, so that not all come back at one moment, in ms; at most half of the grace is taken. Up to 100 are closed at once. */
  webSocketCloseWindowMs: integer({ default: 2_000, min: 0, max: HOUR_MS }),
  /** Time for which a server that a signal, or shutdown(), stops still accepts, in ms, while HealthHandler says that it is not ready: for load balancers that must be told first. */
  drainDelayMs: integer({ default: 0, min: 0, max: HOUR_MS }),
  /** Time of one turn of the loop above which it is logged, with its requests, as having blocked the loop, in ms; 0 = never. Likewise if something else than a turn keeps the thread busy. */
  blockedLoopMs: integer({ default: 1_000, min: 0, max: HOUR_MS }),
});

export type HTTPServerOptions = Input<typeof httpServerOptions>;
export type ResolvedHTTPServerOptions = Resolved<typeof httpServerOptions>;

/** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
export function resolveServerOptions(given: HTTPServerOptions): ResolvedHTTPServerOptions {
  const resolved = resolve("HTTPServer", httpServerOptions, given);
  const { idleConnectionTimeoutMs, keepAliveTimeoutMs } = resolved;
  return { ...resolved, keepAliveTimeoutMs: idleConnectionTimeoutMs ?? keepAliveTimeoutMs };
}

/** How stop() is to go. */
export interface StopOptions {
  /** ms until what is still open is closed by force; 0 = at once. Default: the option stopGraceMs. */
  readonly graceMs?: number | undefined;
  /** Another process takes over: WebSockets are closed with 1012 instead of 1001. Default false. */
  readonly isRestart?: boolean | undefined;
}
