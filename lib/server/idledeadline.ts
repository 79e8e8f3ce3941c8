/**
 * The deadline of a connection on which nothing is in progress: silence, half a head, a last response that is not read.
 *
 * HTTPServer asks when the connection's entry on the wheel is due; one that has an HTTP1Connection is that one's to judge.
 */
import { OP_CLOSE } from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { type ConnectionTable, HEAD, IDLE, LINGER } from "./connectiontable.ts";
import type { ResolvedHTTPServerOptions } from "./httpserveroptions.ts";
import { headTimeout, type Refusal } from "./refusals.ts";
import type { ServerCounters } from "./servercounters.ts";

/** What is needed of the server. */
export interface IdleServer {
  readonly loop: IOLoop;
  readonly options: ResolvedHTTPServerOptions;
  readonly counters: ServerCounters;
  readonly isStopping: boolean;
  readonly longestSilenceMs: number;
  refuse(slot: number, generation: number, refusal: Refusal): void;
  abort(slot: number, generation: number): void;
}

/** @returns ms until it is to be asked again, 0 if the connection was cut off */
export function onIdleDeadline(
  server: IdleServer,
  table: ConnectionTable,
  slot: number,
  nowMs: number,
): number {
  const { loop, options } = server;
  const state = table.states[slot];
  const generation = loop.generations[slot] ?? 0;
  if (state === HEAD) {
    server.refuse(slot, generation, headTimeout);
    return options.lingerTimeoutMs;
  }
  const isStalled = (loop.pendingBytes[slot] ?? 0) > 0;
  let limitMs = state === LINGER ? options.lingerTimeoutMs : options.keepAliveTimeoutMs;
  if (isStalled) limitMs = options.writeStallTimeoutMs;
  else if (state === IDLE && server.isStopping) limitMs = Math.max(1, options.stopIdleMs);
  const silentMs = nowMs - (loop.lastActive[slot] ?? 0);
  if (limitMs === 0) return server.longestSilenceMs;
  if (silentMs < limitMs) return limitMs - silentMs;
  if (isStalled || state === LINGER) {
    if (isStalled) server.counters.errors.writeStalls++;
    server.abort(slot, generation);
    return 0;
  }
  loop.outbox.command(OP_CLOSE, slot, generation);
  return options.lingerTimeoutMs;
}
