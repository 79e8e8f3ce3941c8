/** ConnectionServer: what HTTP1Connection needs of HTTPServer, which makes it. Declared here, below both. */
import type { AsyncResource } from "node:async_hooks";
import type { Exchange, ExchangeServer } from "./exchange.ts";
import type { ResolvedHTTPServerOptions } from "./httpserveroptions.ts";
import type { Refusal } from "./refusals.ts";
import type { ServerCounters } from "./servercounters.ts";

/** What a connection needs of its server, besides what its exchanges do. */
export interface ConnectionServer extends ExchangeServer {
  readonly options: ResolvedHTTPServerOptions;
  readonly longestSilenceMs: number;
  readonly counters: ServerCounters;
  /** The asynchronous context that requests begin in. */
  readonly context: AsyncResource;
  dispatch(exchange: Exchange): void;
  /** Tells the dispatcher of a request with a body. @returns what it returns */
  startBody(exchange: Exchange): unknown;
  /** Nothing is in progress on the connection: the server has it. */
  ownsIdle(slot: number): boolean;
  /** Nothing is in progress any more; `headSinceMs` is when the next head began, or -1. */
  rest(slot: number, generation: number, headSinceMs: number): void;
  refuse(slot: number, generation: number, refusal: Refusal): void;
  forget(slot: number, errno: number): void;
  setDeadline(slot: number, inMs: number): void;
}
