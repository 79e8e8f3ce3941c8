/**
 * Upgrades: the connections that a server has given away from HTTP, which it still counts.
 *
 * HTTPServer has one. A WebSocket is the server's to close when it stops; a connection that was detached is its new owner's.
 */
import { CodedError } from "../base/errors.ts";
import { HEAD_KEEP_ALIVE, OP_RAW } from "../native/addon.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import { type Detached, DetachedSlot, hasMessageBehind } from "./detachedslot.ts";
import type { Exchange } from "./exchange.ts";
import { WebSocketConnection } from "./websocketconnection.ts";

/** What is needed of the server. */
export interface UpgradeServer {
  readonly loop: IOLoop;
  /** The connection is HTTP's no more: its deadlines end, and whoever has it lets go. */
  letGo(exchange: Exchange): void;
  /** A connection that was given away has closed. */
  onUpgradeClosed(slot: number): void;
}

/** WebSockets that are told at once, and at least so many at each step. */
const CLOSES_AT_ONCE = 100;

const CLOSE_STEP_MS = 100;

export class Upgrades {
  readonly #server: UpgradeServer;
  #detachedCount = 0;
  /** Entry on the wheel of the next step of goAway(); 0 = none. */
  #nextStep = 0;

  constructor(server: UpgradeServer) {
    this.#server = server;
  }

  /** Connections that the server does not wait for when it stops. */
  get detachedCount(): number {
    return this.#detachedCount;
  }

  /** See Exchange.detach(). */
  detach(exchange: Exchange, owner: SlotOwner): Detached {
    const { loop } = this.#server;
    this.#check(exchange);
    const { slot, generation } = exchange;
    this.#server.letGo(exchange);
    this.#detachedCount++;
    loop.outbox.command(OP_RAW, slot, generation);
    const onClosed = () => {
      this.#detachedCount--;
      this.#server.onUpgradeClosed(slot);
    };
    loop.setOwner(slot, new DetachedSlot(loop, owner, onClosed));
    return { slot, generation };
  }

  /**
   * Makes a connection a WebSocket.
   *
   * @param head      the response's head, 101, complete
   * @param connection made for the exchange's slot; when it has ended, its profile tells the server
   * @throws CodedError ERR_STATE as detach()
   */
  upgrade(exchange: Exchange, head: string, connection: WebSocketConnection): void {
    const { loop } = this.#server;
    this.#check(exchange);
    const { slot, generation } = exchange;
    this.#server.letGo(exchange);
    loop.outbox.writeLatin1(slot, generation, head);
    loop.outbox.command(OP_RAW, slot, generation);
    loop.setOwner(slot, connection);
  }

  /** WebSockets that are open now. */
  get webSocketCount(): number {
    let count = 0;
    this.#eachWebSocket(() => count++);
    return count;
  }

  /** The server stops: its WebSockets are closed, some at once and the others spread over `windowMs`. */
  goAway(code: number, windowMs: number): void {
    const waiting: WebSocketConnection[] = [];
    this.#eachWebSocket((connection) => waiting.push(connection));
    const stepCount = Math.max(1, Math.floor(windowMs / CLOSE_STEP_MS));
    const perStep = Math.max(CLOSES_AT_ONCE, Math.ceil(waiting.length / stepCount));
    const { loop } = this.#server;
    const step = () => {
      for (const connection of waiting.splice(0, perStep)) connection.close(code, "");
      this.#nextStep = 0;
      if (waiting.length === 0) return;
      const atMs = loop.clock.now() + CLOSE_STEP_MS;
      this.#nextStep = loop.wheel.addCallback(atMs, step);
      loop.wheelChanged(atMs);
    };
    step();
  }

  /** The server stops at once. */
  abort(): void {
    this.#server.loop.wheel.cancel(this.#nextStep);
    this.#eachWebSocket((connection) => connection.abort());
  }

  #eachWebSocket(visit: (connection: WebSocketConnection) => void): void {
    const { loop } = this.#server;
    for (let slot = 0; slot < loop.slotCount; slot++) {
      const owner = loop.ownerOf(slot);
      if (owner instanceof WebSocketConnection && owner.profile.server === this.#server) {
        visit(owner);
      }
    }
  }

  /** Bytes behind the request that are already in the inbox as HTTP would be lost to a new owner. */
  #check(exchange: Exchange): void {
    const { loop } = this.#server;
    const { slot, generation, flags, isBodyPending } = exchange;
    const isOpen = loop.generations[slot] === generation && (flags & HEAD_KEEP_ALIVE) !== 0;
    if (isOpen && !isBodyPending && !hasMessageBehind(exchange)) return;
    throw new CodedError(
      "ERR_STATE",
      "detach() needs a request whose body is there, behind which nothing has been read as HTTP, on a connection that is open and may be kept alive",
    );
  }
}
