/** Addresses to connect to: what a user may write, and what the addon takes. IOStream and TCPClient call it. */
import { isIPv4, isIPv6 } from "node:net";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { addressText, IPV4, IPV6, UNIX } from "./listenaddress.ts";
import { checkUnixName } from "./unixname.ts";

/** Where to connect: an address of IP and perhaps where from, or a Unix socket. */
export type ConnectAddress =
  | {
      /** Numeric; "localhost" is 127.0.0.1. For names there is TCPClient. */
      readonly host: string;
      /** 1 to 65535. */
      readonly port: number;
      /** Numeric, of the same family; the kernel picks one if it is not given. */
      readonly sourceAddress?: string | undefined;
      /** 0 to 65535; 0, as if not given: the kernel picks one. */
      readonly sourcePort?: number | undefined;
    }
  | {
      /** A path, or "\0" and an abstract name. */
      readonly path: string;
    };

/** What the addon takes. */
export interface Destination {
  readonly kind: typeof UNIX | typeof IPV4 | typeof IPV6;
  readonly host: string;
  readonly port: number;
  readonly sourceHost: string;
  readonly sourcePort: number;
}

const LAST_PORT = 65_535;

/** @throws CodedError ERR_ADDRESS with what is allowed */
export function parseConnectAddress(address: ConnectAddress): Destination {
  if (typeof address !== "object" || address === null) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the address to connect to is ${describe(address)}; allowed is { host, port } or { path }`,
    );
  }
  if ("path" in address) {
    const host = checkUnixName(address.path);
    return { kind: UNIX, host, port: 0, sourceHost: "", sourcePort: 0 };
  }
  const host = address.host === "localhost" ? "127.0.0.1" : address.host;
  const kind = familyOf(host);
  if (kind === 0) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the host to connect to is ${describe(host)}; allowed is a numeric IPv4 or IPv6 address; TCPClient resolves names`,
    );
  }
  checkPort(address.port, 1, "port");
  const { sourceAddress = "", sourcePort = 0 } = address;
  checkPort(sourcePort, 0, "sourcePort");
  if (sourceAddress !== "" && familyOf(sourceAddress) !== kind) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the sourceAddress is ${describe(sourceAddress)}; allowed is a numeric IPv${kind} address, as the host is`,
    );
  }
  return { kind, host, port: address.port, sourceHost: sourceAddress, sourcePort };
}

/** Names a destination for people. */
export function destinationText({ kind, host, port }: Destination): string {
  return addressText({ kind, host: host.replace("\0", "@"), port, isDualStack: false });
}

/** @throws CodedError ERR_ADDRESS if `port` is not an integer from `first` to 65535 */
export function checkPort(port: unknown, first: number, name: string): void {
  if (Number.isInteger(port) && (port as number) >= first && (port as number) <= LAST_PORT) return;
  throw new CodedError(
    "ERR_ADDRESS",
    `the ${name} is ${describe(port)}; allowed is an integer from ${first} to ${LAST_PORT}`,
  );
}

function familyOf(host: unknown): 0 | typeof IPV4 | typeof IPV6 {
  if (typeof host !== "string") return 0;
  if (isIPv4(host)) return IPV4;
  return isIPv6(host) ? IPV6 : 0;
}
