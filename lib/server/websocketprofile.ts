/**
 * What WebSockets share, and what each of them may need: the profile of a kind of connections, and the rare state of one.
 *
 * WebSocketSender and WebSocketConnection are written on these; WebSocketHandler makes the profile of its class.
 */
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { CloseStatus } from "../websocket/closecode.ts";
import type { MessageQueue } from "./messagequeue.ts";
import type { ResolvedWebSocketOptions } from "./websocketoptions.ts";

/** Who is told what a WebSocket receives: a handler. What it throws, or rejects with, closes the connection with 1011. */
export interface WebSocketListener {
  /** The next message waits for the promise it may return. */
  onMessage(message: string | Buffer): unknown;
  onPing(payload: Buffer): unknown;
  onPong(payload: Buffer): unknown;
}

/** What all connections of a kind share. */
export interface WebSocketProfile {
  readonly loop: IOLoop;
  /** Whose connection it is; null for a client's. */
  readonly server: object | null;
  readonly options: ResolvedWebSocketOptions;
  /** True for a server: frames of clients are masked. */
  readonly expectsMask: boolean;
  /** The connection has ended: exactly once, and last. */
  onEnded(listener: WebSocketListener): void;
  /** A listener threw, or rejected. */
  onListenerError(listener: WebSocketListener, error: unknown): void;
}

/** What an idle connection does not need. */
export class Rare {
  /** Bytes that were read and wait for the listener, from heldAt on. */
  held: Buffer | null = null;
  heldAt = 0;
  queue: MessageQueue | null = null;
  /** Those who wait until the kernel has all. */
  waiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  /** Entry on the wheel; 0 = none. */
  deadline = 0;
  /** When a ping was sent that has not been answered, in ms; -1 = none. */
  pingSentMs = -1;
  close: CloseStatus | null = null;
  subprotocol: string | null = null;
}

// What has happened, as bits of `flags`.
export const CLOSE_SENT = 1;
/** The peer's close frame has come, or a fault: nothing more is read. */
export const READ_ENDED = 2;
/** The listener is at work. */
export const BUSY = 4;
export const PAUSED = 8;
/** The slot is gone, or as good as. */
export const ENDED = 16;
/** The listener's open() has not settled. */
export const OPENING = 32;

/** What a send returns that need not be waited for; a listener that returns it is not waited for either. */
export const settled: Promise<void> = Promise.resolve();

export function closedError(): CodedError {
  return new CodedError("ERR_WEBSOCKET_CLOSED", "the WebSocket is closed or closing");
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}
