/**
 * WebSocketDeadlines: the deadlines of a WebSocket: its pings, their pongs, and the answer to its close frame.
 *
 * WebSocketConnection extends it. A connection has one entry on the loop's wheel while it has any deadline, and none
 * otherwise; all entries of a loop have one owner, which finds the connection by its slot.
 *
 *     interval ─▶ ping ─▶ timeout ─▶ pong, or anything else read or taken since: the next interval
 *                                └─▶ nothing: close 1000 "ping timed out"
 *     close frame sent, or peer half-closed ─▶ closeTimeoutMs in which nothing was taken of what is queued ─▶ abort
 */
import type { IOLoop } from "../loop/ioloop.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import { NORMAL_CLOSURE } from "../websocket/closecode.ts";
import { OP_PING } from "../websocket/frames.ts";
import { PreparedSender } from "./preparedsender.ts";
import { CLOSE_SENT, ENDED, EOF_HELD, PAUSED, type Rare } from "./websocketprofile.ts";

/** The owner of a loop's entries; their key is the slot. */
class Deadlines implements WheelOwner {
  readonly #loop: IOLoop;

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  onDeadline(slot: number, nowMs: number): number {
    const owner = this.#loop.ownerOf(slot);
    return owner instanceof WebSocketDeadlines ? owner.onDeadline(nowMs) : 0;
  }
}

const owners = new WeakMap<IOLoop, Deadlines>();

export abstract class WebSocketDeadlines extends PreparedSender {
  /** Ends the connection at once, without a close frame. */
  abstract abort(): void;

  /** The entry is due. @returns ms until it is due again; 0 = it is done */
  onDeadline(nowMs: number): number {
    const { options, loop } = this.profile;
    const { rare } = this;
    if (rare === null || (this.flags & ENDED) !== 0) return 0;
    if ((this.flags & (CLOSE_SENT | EOF_HELD)) !== 0) {
      if (this.hasSentMore(rare)) return options.closeTimeoutMs;
      rare.deadline = 0;
      this.abort();
      return 0;
    }
    const intervalMs = options.pingIntervalMs;
    const timeoutMs = this.pingTimeoutMs;
    if (rare.pingSentMs < 0 || timeoutMs === 0) {
      rare.pingSentMs = nowMs;
      this.control(OP_PING, nothing);
      return timeoutMs || intervalMs;
    }
    // What was read since is as good a sign of life as a pong, and so is what the peer has taken of a queue. A pong may
    // also be in what we do not read; of a peer that does not take what is queued either, that is not assumed.
    const mayHaveAnswered =
      (this.flags & PAUSED) !== 0 && (loop.pendingBytes[this.slot] ?? 0) === 0;
    const isAlive = mayHaveAnswered || (loop.lastActive[this.slot] ?? 0) > rare.pingSentMs;
    if (isAlive) {
      const nextMs = rare.pingSentMs + intervalMs - nowMs;
      rare.pingSentMs = -1;
      return Math.max(1, nextMs);
    }
    this.close(NORMAL_CLOSURE, "ping timed out");
    return options.closeTimeoutMs;
  }

  /** The peer has taken more of what is queued for it: it has not had our close frame for closeTimeoutMs yet. */
  private hasSentMore(rare: Rare): boolean {
    const unsentBytes = this.profile.loop.pendingBytes[this.slot] ?? 0;
    const isLess = unsentBytes < rare.unsentBytes;
    rare.unsentBytes = unsentBytes;
    return isLess;
  }

  // Steps.

  protected startPings(): void {
    const { pingIntervalMs } = this.profile.options;
    if (pingIntervalMs > 0) this.setDeadline(pingIntervalMs);
  }

  /** A pong has come. */
  protected endPing(): void {
    const { rare } = this;
    if (rare === null || rare.pingSentMs < 0 || (this.flags & CLOSE_SENT) !== 0) return;
    const nextMs = rare.pingSentMs + this.profile.options.pingIntervalMs;
    rare.pingSentMs = -1;
    this.setDeadline(Math.max(1, nextMs - this.profile.loop.clock.turnMs));
  }

  /** Our close frame has been sent: the peer is to answer it, or to close. */
  protected awaitClose(): void {
    const { loop, options } = this.profile;
    loop.outbox.flush();
    this.more.unsentBytes = loop.pendingBytes[this.slot] ?? 0;
    this.setDeadline(options.closeTimeoutMs);
  }

  protected setDeadline(inMs: number): void {
    const { loop } = this.profile;
    const { more } = this;
    const deadlineMs = loop.clock.recentMs + inMs;
    if (more.deadline === 0 || !loop.wheel.update(more.deadline, deadlineMs)) {
      let owner = owners.get(loop);
      if (owner === undefined) {
        owner = new Deadlines(loop);
        owners.set(loop, owner);
      }
      more.deadline = loop.wheel.add(deadlineMs, owner, this.slot);
    }
    loop.wheelChanged(deadlineMs);
  }

  protected endDeadline(): void {
    const { rare } = this;
    if (rare === null || rare.deadline === 0) return;
    this.profile.loop.wheel.cancel(rare.deadline);
    rare.deadline = 0;
  }

  private get pingTimeoutMs(): number {
    const { pingIntervalMs, pingTimeoutMs } = this.profile.options;
    return Math.min(pingTimeoutMs ?? pingIntervalMs, pingIntervalMs);
  }
}

const nothing = new Uint8Array(0);
