/**
 * Listeners: the sockets that a server accepts from. HTTPServer has one of these, and is told of what they accept.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import { bindAddress } from "../net/bindaddress.ts";
import { type BoundSocket, removeSocketFile } from "../net/boundsocket.ts";
import { type BoundAddress, boundAddress, parseListenAddress } from "../net/listenaddress.ts";
import { listenError } from "../net/listenerror.ts";
import { noteSettled } from "../process/inheritance.ts";

interface Listener {
  readonly slot: number;
  readonly generation: number;
  readonly address: BoundAddress | null;
  /** The file of a Unix socket goes with it. */
  readonly ownsFile: boolean;
}

/** What the addon has to know of a listener's connections. */
export interface ListenerOptions {
  readonly backlog: number;
  readonly reusePort: boolean;
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
  readonly maxTargetBytes: number;
}

export class Listeners {
  readonly #loop: IOLoop;
  readonly #owner: SlotOwner;
  readonly #options: ListenerOptions;
  #all: Listener[] = [];

  /** @param owner gets what is accepted (onAccepted) */
  constructor(loop: IOLoop, owner: SlotOwner, options: ListenerOptions) {
    this.#loop = loop;
    this.#owner = owner;
    this.#options = options;
  }

  get addresses(): readonly BoundAddress[] {
    return this.#all.flatMap(({ address }) => (address === null ? [] : [address]));
  }

  /** A listening socket from which nobody accepts yet. See HTTPServer.bind(). */
  bind(port: number | string, address: string | undefined): BoundSocket {
    const { backlog, reusePort } = this.#options;
    return bindAddress(parseListenAddress(port, address), { backlog, reusePort, mode: -1 });
  }

  /**
   * Begins to accept.
   *
   * @param socket becomes the server's; or a listening descriptor, which is duplicated and stays the caller's
   * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen
   */
  add(socket: BoundSocket | number): void {
    const fd = typeof socket === "number" ? socket : socket.fd;
    const { maxHeaderBytes, maxHeaderCount, maxTargetBytes } = this.#options;
    const { poller } = this.#loop;
    // Kind 0: a descriptor that listens already.
    const limits = [maxHeaderBytes, maxHeaderCount, maxTargetBytes] as const;
    const made = poller.listen(0, "", fd, 1, false, false, true, ...limits);
    if (typeof made !== "number") throw listenError(made, `the descriptor ${fd}`);
    const generation = this.#loop.adoptSlot(made, this.#owner);
    const isOurs = typeof socket !== "number";
    const address = isOurs ? socket.address : boundAddress(poller.name(made, generation, false));
    const ownsFile = isOurs && socket.ownsFile;
    this.#all.push({ slot: made, generation, address, ownsFile });
    if (isOurs) socket.release();
    else noteSettled(socket);
  }

  /** Accepts no more. */
  close(): void {
    for (const { slot, generation, address, ownsFile } of this.#all.splice(0)) {
      const drop = () => {
        if (this.#loop.generations[slot] === generation) this.#loop.dropSlot(slot);
      };
      // Connections of this turn may still be told of: they are the server's to end.
      if (this.#loop.inTurn) this.#loop.addCallback(drop);
      else drop();
      this.#loop.poller.closeSlot(slot, generation);
      if (ownsFile && address !== null) removeSocketFile(address);
    }
  }
}
