/**
 * PeerAddresses: the address of the other end of each connection of a server, asked of the kernel once.
 *
 * HTTPServer asks for requests and the log. What was found is known for as long as the slot is not another connection's:
 * a handler that is told of its client's going, and the log line after that, still name the client.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { UNIX } from "../net/listenaddress.ts";

export class PeerAddresses {
  readonly #loop: IOLoop;
  /** By slot; those of a connection whose generation is another's are void. */
  readonly #ips: (string | undefined)[] = [];
  readonly #generations: (number | undefined)[] = [];
  #last = "";

  constructor(loop: IOLoop) {
    this.#loop = loop;
  }

  /** The address of a connection's client; "0.0.0.0" for a Unix socket, "" if the connection went before anybody asked. */
  ipOf(slot: number, generation: number): string {
    if (this.#generations[slot] === generation) return this.#ips[slot] ?? "";
    const name = this.#loop.poller.name(slot, generation, true);
    if (name === null) return "";
    const ip = this.#shared(name[2] === UNIX ? "0.0.0.0" : name[0]);
    this.#ips[slot] = ip;
    this.#generations[slot] = generation;
    return ip;
  }

  /** Neighbours often come from one address, a proxy's for one: it is kept once. */
  #shared(ip: string): string {
    if (ip !== this.#last) this.#last = ip;
    return this.#last;
  }
}
