/**
 * What WebSockets share, and what each of them may need: the profile of a kind of connections, and the rare state of one.
 *
 * WebSocketSender and WebSocketConnection are written on these; WebSocketHandler makes the profile of its class.
 */
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { CloseStatus } from "../websocket/closecode.ts";
import type { PerMessageDeflate } from "../websocket/permessagedeflate.ts";
import type { MessageQueue } from "./messagequeue.ts";
import type { ResolvedWebSocketOptions } from "./websocketoptions.ts";

/** Who is told what a WebSocket receives: a handler. What it throws, or rejects with, closes the connection with 1011. */
export interface WebSocketListener {
  /** The next message waits for the promise it may return. */
  onMessage(message: string | Buffer): unknown;
  onPing(payload: Buffer): unknown;
  onPong(payload: Buffer): unknown;
}

/** Who puts frames into the outbox: for a server the outbox itself, for a client MaskedFrames. */
export interface FrameWriter {
  /** A text message. @returns bytes of the payload */
  writeTextFrame(slot: number, generation: number, text: string): number;
  /** @param first the first byte of the frame: FIN, RSV1, opcode */
  writeBytesFrame(slot: number, generation: number, first: number, bytes: Uint8Array): void;
}

/** What all connections of a kind share. */
export interface WebSocketProfile {
  readonly loop: IOLoop;
  readonly frames: FrameWriter;
  /** Whose connection it is; null for a client's. */
  readonly server: object | null;
  readonly options: ResolvedWebSocketOptions;
  /** True for a server: frames of clients are masked. */
  readonly expectsMask: boolean;
  /** Large binary messages are the listener's until it has returned, or its promise has settled; see lentmemory.ts. */
  readonly lendsMessages: boolean;
  /** The connection has ended, whose slot this was: exactly once, and last. */
  onEnded(listener: WebSocketListener, slot: number): void;
  /** A listener threw, or rejected. */
  onListenerError(listener: WebSocketListener, error: unknown): void;
}

/** Who waits for something to leave. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What a connection is subscribed to, as the connection sees it. */
export interface TopicMemberships {
  /** The connection has ended. */
  end(): void;
}

/** What an idle connection does not need. */
export class Rare {
  /** Bytes that were read and wait for the listener, from heldAt on. */
  held: Buffer | null = null;
  heldAt = 0;
  queue: MessageQueue | null = null;
  /** Those who wait until the kernel has all. */
  waiters: Waiter[] = [];
  /** Entry on the wheel; 0 = none. */
  deadline = 0;
  /** When a ping was sent that has not been answered, in ms; -1 = none. */
  pingSentMs = -1;
  close: CloseStatus | null = null;
  subprotocol: string | null = null;
  /** The hub's. */
  topics: TopicMemberships | null = null;
  /** The last publication to several lists that it has had; see PreparedSender.isFirst(). */
  stamp = 0;
  /** permessage-deflate, if it has been agreed on. */
  deflate: PerMessageDeflate | null = null;
  /** Bytes of the message that another thread compresses; 0 = none. Those behind it are in the queue. */
  compressingBytes = 0;
  /** The payload of our close frame, which waits for that message. */
  lastPayload: Uint8Array | null = null;
  /** Bytes that the kernel had not taken when the deadline of a close frame was set, or last looked at. */
  unsentBytes = 0;
  /** The payload of the last ping that has not been answered since the peer does not read. */
  owedPong: Uint8Array | null = null;
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
/** The peer has half-closed; it is noticed when the listener is done with what was read before. */
export const EOF_HELD = 64;
/** Nothing more is read or sent: the connection is lingering, or will be when the last frame has been compressed. */
export const ENDING = 128;

/** What a send returns that need not be waited for; a listener that returns it is not waited for either. */
export const settled: Promise<void> = Promise.resolve();

export function closedError(): CodedError {
  return new CodedError("ERR_WEBSOCKET_CLOSED", "the WebSocket is closed or closing");
}
