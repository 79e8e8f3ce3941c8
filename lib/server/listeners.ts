/**
 * Listeners: the addresses that a server listens on. HTTPServer has one of these, and is told of what they accept.
 */
import { rmSync } from "node:fs";
import type { IOLoop } from "../loop/ioloop.ts";
import type { SlotOwner } from "../loop/slotowner.ts";
import {
  addressText,
  type BoundAddress,
  IPV4,
  IPV6,
  parseListenAddress,
  removeStaleSocket,
  UNIX,
} from "../net/listenaddress.ts";
import { listenError } from "../net/listenerror.ts";

const EAFNOSUPPORT = 97;

interface Listener {
  readonly slot: number;
  readonly generation: number;
  readonly address: BoundAddress;
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
    return this.#all.map((listener) => listener.address);
  }

  /** See HTTPServer.listen(). */
  add(port: number | string, address?: string): void {
    const where = parseListenAddress(port, address);
    if (where.kind === UNIX) removeStaleSocket(where.host);
    let made = this.#listen(where.kind, where.host, where.port, !where.isDualStack);
    // A machine without IPv6 has all its addresses in 0.0.0.0.
    if (typeof made !== "number" && where.isDualStack && made[0] === EAFNOSUPPORT) {
      made = this.#listen(IPV4, "0.0.0.0", where.port, true);
    }
    if (typeof made !== "number") throw listenError(made, addressText(where));
    const generation = this.#loop.adoptSlot(made, this.#owner);
    const [host = "", boundPort = 0, family = IPV4] =
      this.#loop.poller.name(made, generation, false) ?? [];
    this.#all.push({
      slot: made,
      generation,
      address:
        where.kind === UNIX
          ? { path: where.host }
          : { address: host, port: boundPort, family: family === IPV6 ? 6 : 4 },
    });
  }

  /** Accepts no more. */
  close(): void {
    for (const { slot, generation, address } of this.#all.splice(0)) {
      this.#loop.dropSlot(slot);
      this.#loop.poller.closeSlot(slot, generation);
      if ("path" in address) rmSync(address.path, { force: true });
    }
  }

  #listen(kind: number, host: string, port: number, ipv6Only: boolean): number | [number, string] {
    const { backlog, reusePort, maxHeaderBytes, maxHeaderCount, maxTargetBytes } = this.#options;
    return this.#loop.poller.listen(
      kind,
      host,
      port,
      backlog,
      reusePort,
      ipv6Only,
      true,
      maxHeaderBytes,
      maxHeaderCount,
      maxTargetBytes,
    );
  }
}
