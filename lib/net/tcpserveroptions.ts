/** The options of TCPServer, each with its default, range and unit; it takes those of IOStream, too. */
import { boolean, type Input, integer, options, type Resolved } from "../base/options.ts";
import { ioStreamOptions } from "./iostreamoptions.ts";
import { LONGEST_TCP_KEEP_ALIVE_MS, TCP_KEEP_ALIVE_MS } from "./listeningsockets.ts";

const LONGEST_IDLE_MS = 24 * 3_600_000;

export const tcpServerOptions = options({
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
  /** Time in ms without a byte from the peer, or to it, after which a connection is closed; 0 = never. To within 100 ms. */
  idleTimeoutMs: integer({ default: 0, min: 0, max: LONGEST_IDLE_MS }),
  /** Most connections at once; more are closed when they are accepted. null = as many as there are descriptors. */
  maxConnections: integer({ default: null, min: 1, max: 16 * 1024 * 1024 }),
});

export const serverOptions = options({ ...ioStreamOptions, ...tcpServerOptions });

export type TCPServerOptions = Input<typeof serverOptions>;
export type ResolvedTCPServerOptions = Resolved<typeof serverOptions>;
