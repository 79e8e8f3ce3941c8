/**
 * ServerStats: the figures of one server, put together when somebody asks.
 *
 * What has been counted comes from its ServerCounters. What each connection is doing, and what is queued for it, is looked
 * for in one walk over the slots of the loop.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { type ConnectionTable, HEAD, LINGER } from "./connectiontable.ts";
import type { ServerCounters, ServerErrors } from "./servercounters.ts";

/** The figures of one server: plain numbers. Totals count from when it was made. */
export type ServerStats = {
  /** Requests whose head has arrived whole. */
  readonly requests: number;
  /** Connections that were accepted, those over a limit included. */
  readonly accepted: number;
  /** Connections that are open now, by what they are doing. */
  readonly connections: {
    readonly open: number;
    /** Nothing in progress. */
    readonly idle: number;
    /** A head has begun to arrive. */
    readonly head: number;
    /** A request is in progress. */
    readonly busy: number;
    readonly websocket: number;
    /** Given away by detach(). */
    readonly detached: number;
    /** The last response is sent, or a refusal: waiting for the client to close. */
    readonly lingering: number;
  };
  /** Bytes that the kernel has not taken yet, of connections that are HTTP. */
  readonly queuedBytes: number;
  readonly errors: ServerErrors;
};

/** Connections that are not in the table. */
export interface OtherConnections {
  /** All, those in the table among them. */
  readonly open: number;
  readonly websocket: number;
  readonly detached: number;
}

/** The figures of a server. */
export function readStats(
  loop: IOLoop,
  counters: ServerCounters,
  table: ConnectionTable,
  others: OtherConnections,
): ServerStats {
  const connections = { ...others, idle: 0, head: 0, busy: 0, lingering: 0 };
  let queuedBytes = 0;
  table.each((slot, connection) => {
    queuedBytes += loop.pendingBytes[slot] ?? 0;
    const state = table.states[slot];
    if (connection?.isBusy === true) connections.busy++;
    else if (connection !== null) connections[connection.isReadingHead ? "head" : "idle"]++;
    else if (state === LINGER) connections.lingering++;
    else if (state === HEAD) connections.head++;
    else connections.idle++;
  });
  const { requests, accepted, errors } = counters;
  return { requests, accepted, connections, queuedBytes, errors: { ...errors } };
}
