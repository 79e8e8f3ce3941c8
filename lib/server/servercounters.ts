/**
 * ServerCounters: what a server adds up as it goes: requests, connections, and what has gone wrong.
 *
 * HTTPServer has one, its connections add to it; serverstats.ts reads it. A request costs one addition.
 */
import { getSystemErrorName } from "node:util";
import { log, logs } from "../base/log.ts";

/** What has gone wrong on connections of a server since it was made: how often. A type, so that it is plain figures. */
export type ServerErrors = {
  /** Messages that are no HTTP, or beyond a limit: answered with 4xx, 501 or 505, and closed. */
  readonly badRequests: number;
  /** Heads that did not arrive within headTimeoutMs. */
  readonly headTimeouts: number;
  /** Bodies that did not arrive in time. */
  readonly bodyTimeouts: number;
  /** Clients cut off after writeStallTimeoutMs. */
  readonly writeStalls: number;
  /** Connections that clients, or the net, have broken. */
  readonly resets: number;
  /** Connections that ended by a fault on this side: no descriptors or memory left, a file that became shorter. */
  readonly failures: number;
  /** Connections answered with 503, or cut off, because of maxConnections or maxConnectionsPerAddress. */
  readonly overLimit: number;
  /** Requests whose dispatcher threw, or whose body could not be taken. */
  readonly exceptions: number;
};

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Why a connection is said to be its client's fault. errno(3) */
const PEER_ERRNOS: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ECONNABORTED",
  "ENOTCONN",
]);

const REMEDIES: Readonly<Record<string, string>> = {
  EMFILE: "; the process may have no more descriptors: raise its limit (ulimit -n)",
  ENFILE: "; the system may have no more descriptors",
  ENODATA: "; a file that was being sent has become shorter",
  EIO: "; a file that was being sent cannot be read",
};

/** What a server adds to as it goes. Fields are plain: `requests` is on the way of every request. */
export class ServerCounters {
  requests = 0;
  accepted = 0;
  readonly errors: Writable<ServerErrors> = {
    badRequests: 0,
    headTimeouts: 0,
    bodyTimeouts: 0,
    writeStalls: 0,
    resets: 0,
    failures: 0,
    overLimit: 0,
    exceptions: 0,
  };

  /** A message was refused with this status. */
  countRefusal(code: string): void {
    if (code === "ERR_HTTP_HEAD_TIMEOUT") this.errors.headTimeouts++;
    else if (code === "ERR_HTTP_BODY_TIMEOUT") this.errors.bodyTimeouts++;
    else if (code === "ERR_STATE") this.errors.exceptions++;
    else if (code !== "ERR_SERVER_FULL") this.errors.badRequests++;
  }

  /** A connection has closed with an errno other than 0: counts and logs whose fault that was. */
  countClose(errno: number): void {
    const name = nameOf(errno);
    if (PEER_ERRNOS.has(name)) {
      this.errors.resets++;
      if (logs("info")) log.info(`a client broke its connection: ${name}`);
      return;
    }
    this.errors.failures++;
    log.warn(`a connection ended by a fault on this side: ${name}${REMEDIES[name] ?? ""}`);
  }
}

function nameOf(errno: number): string {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `errno ${errno}`;
  }
}
