/**
 * PeerAddresses: the address of the other end of each connection of a server, asked of the kernel once.
 *
 * HTTPServer asks for requests and the log. What was found is known for as long as the slot is not another connection's:
 * a handler that is told of its client's going, and the log line after that, still name the client.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { UNIX } from "../net/listenaddress.ts";

/** What the clients of a Unix socket are said to have. */
const NO_ADDRESS = "0.0.0.0";

/** The address that a connection in memory is said to come from. */
interface GivenAddress {
  readonly generation: number;
  readonly ip: string;
}

export class PeerAddresses {
  readonly #loop: IOLoop;
  /** By slot; those of a connection whose generation is another's are void. */
  readonly #ips: (string | undefined)[] = [];
  readonly #generations: (number | undefined)[] = [];
  #last = "";

  /** Those of connections in memory, of which the kernel knows nothing. */
  static readonly #given = new WeakMap<IOLoop, Map<number, GivenAddress>>();

  /** Says which address the client of a connection in memory is to have. */
  static give(loop: IOLoop, slot: number, given: GivenAddress): void {
    let ofLoop = PeerAddresses.#given.get(loop);
    if (ofLoop === undefined) {
      ofLoop = new Map();
      PeerAddresses.#given.set(loop, ofLoop);
    }
    ofLoop.set(slot, given);
  }

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  /** The address of a connection's client; "0.0.0.0" for a Unix socket, "" if the connection went before anybody asked. */
  ipOf(slot: number, generation: number): string {
    if (this.#generations[slot] === generation) return this.#ips[slot] ?? "";
    const name = this.#loop.poller.name(slot, generation, true);
    if (name === null) return this.#givenIpOf(slot, generation);
    const ip = this.#shared(name[2] === UNIX ? NO_ADDRESS : name[0]);
    this.#ips[slot] = ip;
    this.#generations[slot] = generation;
    return ip;
  }

  /** The same of a connection over TCP; null for a Unix socket, or one that is gone. */
  tcpIpOf(slot: number, generation: number): string | null {
    const ip = this.ipOf(slot, generation);
    return ip === "" || ip === NO_ADDRESS ? null : ip;
  }

  #givenIpOf(slot: number, generation: number): string {
    const given = PeerAddresses.#given.get(this.#loop)?.get(slot);
    return given?.generation === generation ? given.ip : "";
  }

  /** Neighbours often come from one address, a proxy's for one: it is kept once. */
  #shared(ip: string): string {
    if (ip !== this.#last) this.#last = ip;
    return this.#last;
  }
}
