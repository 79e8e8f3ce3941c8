/**
 * ListeningSockets: the sockets that a server accepts from, however many. HTTPServer has one of these and an Acceptor
 * another; whoever has one is the owner that the loop tells what was accepted.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import { watchStarvation } from "../loop/starvation.ts";
import { noteSettled } from "../process/inheritance.ts";
import { type BoundSocket, removeSocketFile } from "./boundsocket.ts";
import { type BoundAddress, boundAddress } from "./listenaddress.ts";
import { listenError } from "./listenerror.ts";

/** What the addon has to know of connections that it parses as HTTP. */
export interface HeadLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
  readonly maxTargetBytes: number;
}

interface Listening {
  readonly slot: number;
  readonly generation: number;
  readonly address: BoundAddress | null;
  /** The file of a Unix socket goes with it. */
  readonly ownsFile: boolean;
}

const noLimits: HeadLimits = { maxHeaderBytes: 0, maxHeaderCount: 0, maxTargetBytes: 0 };

/** What the addon gives every socket. */
export const TCP_KEEP_ALIVE_MS = 60_000;
/** The kernel's upper bound. @see tcp(7), TCP_KEEPIDLE */
export const LONGEST_TCP_KEEP_ALIVE_MS = 32_767_000;

export class ListeningSockets {
  readonly #loop: IOLoop;
  readonly #owner: SlotOwner;
  readonly #limits: HeadLimits | null;
  readonly #tcpKeepAliveMs: number;
  readonly #all: Listening[] = [];
  #endWatch: (() => void) | null = null;

  /**
   * @param owner  gets what is accepted (onAccepted)
   * @param limits of HTTP heads; null = the connections are plain bytes
   * @param tcpKeepAliveMs time after which the kernel asks whether a silent peer is there; 0 = never
   */
  constructor(
    loop: IOLoop,
    owner: SlotOwner,
    limits: HeadLimits | null,
    tcpKeepAliveMs = TCP_KEEP_ALIVE_MS,
  ) {
    this.#tcpKeepAliveMs = tcpKeepAliveMs;
    this.#loop = loop;
    this.#owner = owner;
    this.#limits = limits;
  }

  get addresses(): readonly BoundAddress[] {
    return this.#all.flatMap(({ address }) => (address === null ? [] : [address]));
  }

  /** Of the first that has one; null = none has. */
  get port(): number | null {
    for (const address of this.addresses) if ("port" in address) return address.port;
    return null;
  }

  /**
   * Begins to accept.
   *
   * @param socket becomes the server's; or a listening descriptor, which is duplicated and stays the caller's
   * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen
   */
  add(socket: BoundSocket | number): void {
    const fd = typeof socket === "number" ? socket : socket.fd;
    const { maxHeaderBytes, maxHeaderCount, maxTargetBytes } = this.#limits ?? noLimits;
    const limits = [maxHeaderBytes, maxHeaderCount, maxTargetBytes] as const;
    const { poller } = this.#loop;
    // Kind 0: a descriptor that listens already.
    const made = poller.listen(0, "", fd, 1, false, false, this.#limits !== null, ...limits);
    if (typeof made !== "number") throw listenError(made, `the descriptor ${fd}`);
    const generation = this.#loop.adoptSlot(made, this.#owner);
    if (this.#tcpKeepAliveMs !== TCP_KEEP_ALIVE_MS) {
      poller.setKeepAlive(made, generation, Math.ceil(this.#tcpKeepAliveMs / 1000));
    }
    const isOurs = typeof socket !== "number";
    const address = isOurs ? socket.address : boundAddress(poller.name(made, generation, false));
    const ownsFile = isOurs && socket.ownsFile;
    this.#endWatch ??= watchStarvation(this.#loop);
    this.#all.push({ slot: made, generation, address, ownsFile });
    if (isOurs) socket.release();
    else noteSettled(socket);
  }

  /** Accepts no more, and closes the sockets. */
  close(): void {
    this.#endWatch?.();
    this.#endWatch = null;
    for (const { slot, generation, address, ownsFile } of this.#all.splice(0)) {
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
}
