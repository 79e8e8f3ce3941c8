/**
 * Acceptor: listening sockets whose connections are plain bytes. TCPServer has one; addAcceptHandler() makes one.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner, type SlotOwner } from "../loop/slotowner.ts";
import type { BoundSocket } from "./boundsocket.ts";
import type { BoundAddress } from "./listenaddress.ts";
import { ListeningSockets } from "./listeningsockets.ts";

/** Takes a connection. @returns the owner of its slot */
export type AcceptCallback = (slot: number, generation: number) => SlotOwner;

export class Acceptor extends QuietOwner {
  readonly #callback: AcceptCallback;
  readonly #sockets: ListeningSockets;

  /** @param tcpKeepAliveMs see ListeningSockets */
  constructor(loop: IOLoop, callback: AcceptCallback, tcpKeepAliveMs?: number) {
    super();
    this.#callback = callback;
    this.#sockets = new ListeningSockets(loop, this, null, tcpKeepAliveMs);
  }

  get addresses(): readonly BoundAddress[] {
    return this.#sockets.addresses;
  }

  get port(): number | null {
    return this.#sockets.port;
  }

  /** Begins to accept. @see ListeningSockets.add() */
  add(socket: BoundSocket | number): void {
    this.#sockets.add(socket);
  }

  /** Accepts no more, and closes the sockets. */
  close(): void {
    this.#sockets.close();
  }

  override onAccepted(slot: number, generation: number): SlotOwner {
    return this.#callback(slot, generation);
  }
}
