/**
 * Resolvers: names to addresses, for TCPClient. Resolver asks the system (getaddrinfo(3)); OverrideResolver answers some
 * names itself. Whatever has the two methods may be given to a TCPClient.
 */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { SystemError } from "../base/errors.ts";

/** One address that a name has. */
export interface ResolvedAddress {
  readonly family: 4 | 6;
  /** Numeric. */
  readonly address: string;
  readonly port: number;
}

/** Which addresses are asked for; 0 = any. */
export type AddressFamily = 0 | 4 | 6;

export interface NameResolver {
  /** @returns at least one address, best first. Rejects with SystemError ENOTFOUND, EAI_AGAIN, … */
  resolve(host: string, port: number, family?: AddressFamily): Promise<readonly ResolvedAddress[]>;
  close(): void;
}

/** Asks the system, on a thread of Node's. Numeric addresses are their own answer. */
export class Resolver implements NameResolver {
  async resolve(
    host: string,
    port: number,
    family: AddressFamily = 0,
  ): Promise<readonly ResolvedAddress[]> {
    const numeric = isIP(host);
    if (numeric === 4 || numeric === 6) {
      if (family === 0 || family === numeric) return [{ family: numeric, address: host, port }];
      throw new SystemError(
        "ENOTFOUND",
        "getaddrinfo",
        `${host} is not an address of IPv${family}`,
      );
    }
    try {
      const found = await lookup(host, { all: true, family, verbatim: true });
      return found.map((one) => ({ family: one.family === 6 ? 6 : 4, address: one.address, port }));
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? "ENOTFOUND";
      throw new SystemError(
        code,
        "getaddrinfo",
        `cannot resolve ${JSON.stringify(host)}: ${code}`,
        {
          cause,
        },
      );
    }
  }

  close(): void {}
}

/** What a name is replaced by: another host, or another host and port. */
export type Override = string | { readonly host: string; readonly port: number };

/**
 * Answers some names by others before it asks a resolver: for tests, and for hosts that DNS does not know.
 *
 *     new OverrideResolver(new Resolver(), { "example.com": "127.0.0.1", "example.com:443": { host: "::1", port: 8443 } })
 */
export class OverrideResolver implements NameResolver {
  readonly #resolver: NameResolver;
  readonly #mapping: ReadonlyMap<string, Override>;

  /** @param mapping by "host", "host:port" or "host:port:family", family being 4 or 6; the most exact one counts */
  constructor(
    resolver: NameResolver,
    mapping: Readonly<Record<string, Override>> | ReadonlyMap<string, Override>,
  ) {
    this.#resolver = resolver;
    this.#mapping = new Map(mapping instanceof Map ? mapping : Object.entries(mapping));
  }

  resolve(
    host: string,
    port: number,
    family: AddressFamily = 0,
  ): Promise<readonly ResolvedAddress[]> {
    const found =
      this.#mapping.get(`${host}:${port}:${family}`) ??
      this.#mapping.get(`${host}:${port}`) ??
      this.#mapping.get(host);
    if (found === undefined) return this.#resolver.resolve(host, port, family);
    if (typeof found === "string") return this.#resolver.resolve(found, port, family);
    return this.#resolver.resolve(found.host, found.port, family);
  }

  close(): void {
    this.#resolver.close();
  }
}
