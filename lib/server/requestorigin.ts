/**
 * RequestOrigin: whom a request comes from, as a proxy in front of the server tells it (options xheaders,
 * trustedDownstream, protocol).
 *
 * Exchange asks when somebody reads request.remoteIp or request.protocol, and not before. What is not an address, or not
 * "http" or "https", is passed over.
 */
import { BlockList, isIP } from "node:net";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";

type Protocol = "http" | "https";

const families = { 4: "ipv4", 6: "ipv6" } as const;
const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;

export class RequestOrigin {
  /** Fields of the request are believed. */
  readonly isForwarded: boolean;
  /** The scheme of requests whose fields say nothing. */
  readonly protocol: Protocol;
  readonly #trusted = new BlockList();

  /** @throws CodedError ERR_OPTION_RANGE if one of trustedDownstream is neither an address nor a network */
  constructor(options: {
    readonly xheaders: boolean;
    readonly trustedDownstream: readonly string[];
    readonly protocol: Protocol | null;
  }) {
    this.isForwarded = options.xheaders;
    this.protocol = options.protocol ?? "http";
    for (const trusted of options.trustedDownstream) this.#trust(trusted);
  }

  /** The client's address; `socketIp` if the fields name none. X-Real-Ip goes before X-Forwarded-For, as in Tornado. */
  ip(headers: HTTPHeaders, socketIp: string): string {
    const named = headers.get("x-real-ip") ?? this.#forwardedFor(headers) ?? socketIp;
    return isIP(named) === 0 ? socketIp : named;
  }

  /** The scheme that the client used. X-Scheme goes before X-Forwarded-Proto; of several the last counts, as in Tornado. */
  scheme(headers: HTTPHeaders): Protocol {
    const named = headers.get("x-scheme") ?? headers.get("x-forwarded-proto") ?? "";
    const last = named.slice(named.lastIndexOf(",") + 1).trim();
    return last === "http" || last === "https" ? last : this.protocol;
  }

  /** The last address that is not one of ours; the first if all are. */
  #forwardedFor(headers: HTTPHeaders): string | null {
    const list = headers.get("x-forwarded-for");
    if (list === null) return null;
    let end = list.length;
    for (;;) {
      const comma = list.lastIndexOf(",", end - 1);
      const named = list.slice(comma + 1, end).trim();
      if (comma === -1 || !this.#isTrusted(named)) return named;
      if (comma === 0) return "";
      end = comma;
    }
  }

  #isTrusted(ip: string): boolean {
    const family = isIP(ip);
    return (family === 4 || family === 6) && this.#trusted.check(ip, families[family]);
  }

  #trust(trusted: string): void {
    const slash = trusted.indexOf("/");
    const ip = slash === -1 ? trusted : trusted.slice(0, slash);
    const family = isIP(ip);
    const bits = family === 6 ? 128 : 32;
    const prefix = slash === -1 ? `${bits}` : trusted.slice(slash + 1);
    if ((family !== 4 && family !== 6) || !PREFIX.test(prefix) || Number(prefix) > bits) {
      throw new CodedError(
        "ERR_OPTION_RANGE",
        `option "trustedDownstream" of HTTPServer has ${describe(trusted)}; allowed are addresses and networks, as "10.0.0.1" and "10.0.0.0/8"`,
      );
    }
    this.#trusted.addSubnet(ip, Number(prefix), families[family]);
  }
}
