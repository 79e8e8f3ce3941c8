/**
 * ConnectionLimits: how many connections a server has at once, in all and of one address.
 *
 * HTTPServer has one if maxConnections or maxConnectionsPerAddress is set, and asks it for each connection that was
 * accepted. Past a limit a client is told so (503); when as many again are being told, there is no time for that, and
 * further ones are cut off. What is kept is bounded by the connections that are open.
 */

/** What becomes of a connection that was accepted. */
export type Admission = "served" | "refused" | "cut off";

export interface ConnectionLimitOptions {
  readonly maxConnections: number | null;
  readonly maxConnectionsPerAddress: number | null;
}

/** Connections that are open. */
interface Tally {
  readonly key: string;
  served: number;
  refused: number;
}

/** What is known of a slot. */
interface Holder {
  readonly tally: Tally | null;
  readonly isServed: boolean;
}

export class ConnectionLimits {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #total: Tally = { key: "", served: 0, refused: 0 };
  readonly #byAddress = new Map<string, Tally>();
  /** By slot. */
  readonly #holders = new Map<number, Holder>();

  constructor({ maxConnections, maxConnectionsPerAddress }: ConnectionLimitOptions) {
    this.#most = maxConnections ?? Number.POSITIVE_INFINITY;
    this.#mostPerAddress = maxConnectionsPerAddress ?? Number.POSITIVE_INFINITY;
  }

  /** Addresses need only be known for a limit of theirs. */
  get asksAddress(): boolean {
    return this.#mostPerAddress < Number.POSITIVE_INFINITY;
  }

  /** Addresses that are counted now. */
  get addressCount(): number {
    return this.#byAddress.size;
  }

  /**
   * Judges a connection, and counts it unless it is cut off.
   *
   * @param ip its client's address; null = it has none (a Unix socket), or it is not asked for
   */
  admit(slot: number, ip: string | null): Admission {
    const tally = ip === null ? null : this.#tallyOf(networkOf(ip));
    const isServed =
      this.#total.served < this.#most && (tally === null || tally.served < this.#mostPerAddress);
    if (!isServed && (isSwamped(this.#total, this.#most) || isSwamped(tally, this.#mostPerAddress)))
      return "cut off";
    this.#count(this.#total, isServed, 1);
    if (tally !== null) {
      this.#count(tally, isServed, 1);
      this.#byAddress.set(tally.key, tally);
    }
    this.#holders.set(slot, { tally, isServed });
    return isServed ? "served" : "refused";
  }

  /** A connection that was not cut off has closed. */
  release(slot: number): void {
    const holder = this.#holders.get(slot);
    if (holder === undefined) return;
    const { tally, isServed } = holder;
    this.#holders.delete(slot);
    this.#count(this.#total, isServed, -1);
    if (tally === null) return;
    this.#count(tally, isServed, -1);
    if (tally.served + tally.refused === 0) this.#byAddress.delete(tally.key);
  }

  #tallyOf(key: string): Tally {
    return this.#byAddress.get(key) ?? { key, served: 0, refused: 0 };
  }

  #count(tally: Tally, isServed: boolean, by: 1 | -1): void {
    if (isServed) tally.served += by;
    else tally.refused += by;
  }
}

/** As many are being told that there are too many as may be served. */
function isSwamped(tally: Tally | null, most: number): boolean {
  return tally !== null && tally.served + tally.refused >= 2 * most;
}

const IPV6_PREFIX_GROUPS = 4;
const IPV6_GROUPS = 8;

/**
 * Whom an address is counted as: IPv4 as it is, also where it is written as IPv6; of IPv6 the first 64 bits, since that
 * is the least that a client has to choose its addresses from. RFC 4291 §2.5.4.
 *
 * @param ip as the kernel writes it
 */
export function networkOf(ip: string): string {
  if (!ip.includes(":")) return ip;
  const last = ip.slice(ip.lastIndexOf(":") + 1);
  if (last.includes(".")) return last;
  const address = ip.split("%", 1)[0] ?? "";
  const [before = "", after] = address.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : IPV6_GROUPS - head.length - tail.length;
  const groups = [...head, ...Array<string>(Math.max(0, zeros)).fill("0"), ...tail];
  return `${groups.slice(0, IPV6_PREFIX_GROUPS).join(":")}::/64`;
}
