/**
 * Acceptor: listening sockets whose connections are plain bytes. TCPServer has one; addAcceptHandler() makes one.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner, type SlotOwner } from "../loop/slotowner.ts";
import { noteSettled } from "../process/inheritance.ts";
import { type BoundSocket, removeSocketFile } from "./boundsocket.ts";
import { type BoundAddress, boundAddress } from "./listenaddress.ts";
import { listenError } from "./listenerror.ts";

/** Takes a connection. @returns the owner of its slot */
export type AcceptCallback = (slot: number, generation: number) => SlotOwner;

interface Listener {
  readonly slot: number;
  readonly generation: number;
  readonly address: BoundAddress | null;
  /** The file of a Unix socket goes with it. */
  readonly ownsFile: boolean;
}

export class Acceptor extends QuietOwner {
  readonly #loop: IOLoop;
  readonly #callback: AcceptCallback;
  #listeners: Listener[] = [];

  constructor(loop: IOLoop, callback: AcceptCallback) {
    super();
    this.#loop = loop;
    this.#callback = callback;
  }

  get addresses(): readonly BoundAddress[] {
    return this.#listeners.flatMap(({ address }) => (address === null ? [] : [address]));
  }

  /**
   * Begins to accept.
   *
   * @param socket becomes this acceptor's; or a listening descriptor, of which it makes a duplicate
   * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen
   */
  add(socket: BoundSocket | number): void {
    const fd = typeof socket === "number" ? socket : socket.fd;
    const { poller } = this.#loop;
    // Kind 0: a descriptor that listens already. The limits are those of HTTP heads.
    const made = poller.listen(0, "", fd, 1, false, false, false, 0, 0, 0);
    if (typeof made !== "number") throw listenError(made, `the descriptor ${fd}`);
    const generation = this.#loop.adoptSlot(made, this);
    const address = boundAddress(poller.name(made, generation, false));
    const ownsFile = typeof socket !== "number" && socket.ownsFile;
    this.#listeners.push({ slot: made, generation, address, ownsFile });
    if (typeof socket === "number") noteSettled(socket);
    else socket.release();
  }

  /** Accepts no more, and closes the sockets. */
  close(): void {
    for (const { slot, generation, address, ownsFile } of this.#listeners.splice(0)) {
      const drop = () => {
        if (this.#loop.generations[slot] === generation) this.#loop.dropSlot(slot);
      };
      // Connections of this turn may still be told of: without an owner they would stay open.
      if (this.#loop.inTurn) this.#loop.addCallback(drop);
      else drop();
      this.#loop.poller.closeSlot(slot, generation);
      if (ownsFile && address !== null) removeSocketFile(address);
    }
  }

  override onAccepted(slot: number, generation: number): SlotOwner {
    return this.#callback(slot, generation);
  }
}
