/**
 * Admissions: whether a server serves a connection that it has accepted. HTTPServer has one, and asks it each time.
 *
 * Without limits everybody is served, and nothing is looked up. That clients are refused is logged, once in a while.
 */
import { log } from "../base/log.ts";
import { Rarely } from "../base/rarely.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import {
  type Admission,
  type ConnectionLimitOptions,
  ConnectionLimits,
} from "./connectionlimits.ts";
import type { PeerAddresses } from "./peeraddresses.ts";
import type { ServerCounters } from "./servercounters.ts";

/** How often it is logged that there are too many connections. */
const LOG_INTERVAL_MS = 10_000;

/** What is needed of the server. */
export interface AdmittingServer {
  readonly loop: IOLoop;
  readonly options: ConnectionLimitOptions;
  readonly counters: ServerCounters;
}

export class Admissions {
  readonly #server: AdmittingServer;
  readonly #peers: PeerAddresses;
  readonly #limits: ConnectionLimits | null;
  readonly #log = new Rarely(LOG_INTERVAL_MS);

  constructor(server: AdmittingServer, peers: PeerAddresses) {
    const { maxConnections, maxConnectionsPerAddress } = server.options;
    const isLimited = maxConnections !== null || maxConnectionsPerAddress !== null;
    this.#server = server;
    this.#peers = peers;
    this.#limits = isLimited ? new ConnectionLimits(server.options) : null;
  }

  /** Judges a connection that was accepted, and counts it. */
  judge(slot: number, generation: number): Admission {
    this.#server.counters.accepted++;
    const limits = this.#limits;
    if (limits === null) return "served";
    const ip = limits.asksAddress ? this.#peers.tcpIpOf(slot, generation) : null;
    const admission = limits.admit(slot, ip);
    if (admission !== "served") this.#tell();
    return admission;
  }

  /** A connection has closed. */
  release(slot: number): void {
    this.#limits?.release(slot);
  }

  #tell(): void {
    const { loop, options, counters } = this.#server;
    counters.errors.overLimit++;
    this.#log.pass(loop.clock.turnMs, (keptBack) => {
      const { maxConnections, maxConnectionsPerAddress } = options;
      log.warn(
        `refused ${keptBack + 1} connections: as many are open as may be ` +
          `(maxConnections ${maxConnections}, maxConnectionsPerAddress ${maxConnectionsPerAddress})`,
      );
    });
  }
}
