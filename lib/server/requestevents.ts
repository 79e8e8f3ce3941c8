/**
 * The channels of node:diagnostics_channel on which requests are told of, for tracing and accounting by others:
 *
 *     diagnostics_channel.subscribe("landspout:request:start", ({ event }) => …);   // its head is here
 *     diagnostics_channel.subscribe("landspout:request:end", ({ event }) => …);     // the same object, complete
 *
 * HTTPServer makes its exchanges here. While nobody subscribes, a request costs two readings of a boolean; while somebody
 * does, its exchange is an ObservedExchange, which tells of its end.
 */
import { channel } from "node:diagnostics_channel";
import type { SlotOwner } from "../loop/slotowner.ts";
import type { Detached } from "./detachedslot.ts";
import { Exchange, type ExchangeServer } from "./exchange.ts";
import type { ResponsePiece } from "./responsepieces.ts";
import type { WebSocketConnection } from "./websocketconnection.ts";

/** Why a request is over. */
export type RequestOutcome =
  /** Its response is complete, as far as the server goes. */
  | "finished"
  /** The client went away, or the connection was cut, before that. */
  | "aborted"
  /** The connection is not HTTP's any more: a WebSocket's, or detached. */
  | "upgraded";

/** What subscribers are given as `event`: one object a request, on both channels. */
export interface RequestEvent {
  readonly method: string;
  /** The request target as it was sent. */
  readonly uri: string;
  readonly remoteIp: string;
  /** When its head was read, in ms of the loop's clock. */
  readonly startMs: number;
  /** Time until its end, in ms; null at the start. */
  readonly durationMs: number | null;
  /** null: no head of a response was sent. */
  readonly status: number | null;
  readonly outcome: RequestOutcome | null;
}

/** What a message on either channel is. */
export interface RequestMessage {
  readonly event: RequestEvent;
  /** The HTTPServer. */
  readonly server: object;
}

const started = channel("landspout:request:start");
const ended = channel("landspout:request:end");

/** Makes the exchange of a request. @hot bench/run.mjs: once per request */
export function newExchange(
  server: ExchangeServer,
  slot: number,
  generation: number,
  at: number,
): Exchange {
  if (started.hasSubscribers || ended.hasSubscribers) {
    return new ObservedExchange(server, slot, generation, at);
  }
  return new Exchange(server, slot, generation, at);
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

const STATUS_DIGITS = /^HTTP\/1\.1 (\d+)/;

class ObservedExchange extends Exchange {
  private readonly message: { readonly event: Writable<RequestEvent>; readonly server: object };

  constructor(server: ExchangeServer, slot: number, generation: number, at: number) {
    super(server, slot, generation, at);
    const event: Writable<RequestEvent> = {
      method: this.method,
      uri: this.uri,
      remoteIp: this.remoteIp,
      startMs: this.loop.clock.turnMs,
      durationMs: null,
      status: null,
      outcome: null,
    };
    this.message = { event, server };
    if (started.hasSubscribers) started.publish(this.message);
  }

  override respondText(piece: ResponsePiece, text: string): void {
    this.noteStatus(Number(STATUS_DIGITS.exec(piece.before)?.[1] ?? 0));
    super.respondText(piece, text);
    this.tellEnd();
  }

  override respondTagged(piece: ResponsePiece, text: string): void {
    this.noteStatus(Number(STATUS_DIGITS.exec(piece.before)?.[1] ?? 0));
    super.respondTagged(piece, text);
    this.tellEnd();
  }

  override sendHead(
    status: number,
    reason: string,
    fields: string,
    bodyBytes: number | null,
  ): void {
    super.sendHead(status, reason, fields, bodyBytes);
    this.noteStatus(status);
  }

  override finish(): void {
    try {
      super.finish();
    } finally {
      this.tellEnd();
    }
  }

  override abort(): void {
    super.abort();
    this.tellEnd();
  }

  override onConnectionClosed(): void {
    super.onConnectionClosed();
    this.tellEnd();
  }

  override detach(owner: SlotOwner): Detached {
    const detached = super.detach(owner);
    this.tellEnd();
    return detached;
  }

  override upgrade(head: string, connection: WebSocketConnection): void {
    super.upgrade(head, connection);
    this.noteStatus(101);
    this.tellEnd();
  }

  private noteStatus(status: number): void {
    const { event } = this.message;
    if (event.outcome === null) event.status = status;
  }

  private tellEnd(): void {
    const { event } = this.message;
    if (event.outcome !== null || !this.isFinished) return;
    event.outcome = this.isDetached ? "upgraded" : this.isGone ? "aborted" : "finished";
    event.durationMs = Math.max(0, this.loop.clock.now() - event.startMs);
    if (ended.hasSubscribers) ended.publish(this.message);
  }
}
