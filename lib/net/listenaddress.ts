/**
 * Addresses to listen on: what a user may write, and what the addon takes. HTTPServer and TCPServer call it.
 */
import { lstatSync, readFileSync, unlinkSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { describe } from "../base/describe.ts";
import { CodedError, SystemError } from "../base/errors.ts";

/** The kinds of addresses, as the addon numbers them. */
export const UNIX = 1;
export const IPV4 = 4;
export const IPV6 = 6;

/** One socket to open. */
export interface ListenAddress {
  readonly kind: typeof UNIX | typeof IPV4 | typeof IPV6;
  /** Numeric, or the path of a Unix socket. */
  readonly host: string;
  readonly port: number;
  /** An IPv6 address that takes IPv4 connections, too. */
  readonly isDualStack: boolean;
}

/** An address in use: of IP, or the path of a Unix socket. */
export type BoundAddress =
  | { readonly address: string; readonly port: number; readonly family: 4 | 6 }
  | { readonly path: string };

const LAST_PORT = 65_535;

/** What fits into sockaddr_un with its NUL. @see unix(7) */
const LONGEST_PATH = 107;

/**
 * Understands a port and an address as they are given to listen().
 *
 * @param port    0 to 65535 (0: the kernel picks one), or the path of a Unix socket, with or without "unix:" before it
 * @param address numeric; "localhost" is 127.0.0.1; "" or none is every address, IPv4 and IPv6
 * @throws CodedError ERR_ADDRESS with what is allowed
 */
export function parseListenAddress(port: number | string, address?: string): ListenAddress {
  if (typeof port === "string" && (port.startsWith("unix:") || port.includes("/"))) {
    return unixAddress(port.startsWith("unix:") ? port.slice("unix:".length) : port);
  }
  const number = typeof port === "string" && /^\d{1,5}$/.test(port) ? Number(port) : port;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > LAST_PORT) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the port is ${describe(port)}; allowed is an integer from 0 to ${LAST_PORT}, or the path of a Unix socket`,
    );
  }
  const host = address === "localhost" ? "127.0.0.1" : (address ?? "");
  if (host === "") return { kind: IPV6, host: "::", port: number, isDualStack: true };
  if (isIPv4(host)) return { kind: IPV4, host, port: number, isDualStack: false };
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
  if (isIPv6(bare)) return { kind: IPV6, host: bare, port: number, isDualStack: bare === "::" };
  throw new CodedError(
    "ERR_ADDRESS",
    `the address to listen on is ${describe(address)}; allowed is a numeric IPv4 or IPv6 address, "localhost", or none for all`,
  );
}

/** Names an address for people: "127.0.0.1:8888", "[::1]:8888", "/run/app.sock". */
export function addressText(address: ListenAddress | BoundAddress): string {
  if ("path" in address) return address.path;
  const host = "host" in address ? address.host : address.address;
  if ("kind" in address && address.kind === UNIX) return host;
  return host.includes(":") ? `[${host}]:${address.port}` : `${host}:${address.port}`;
}

/** What the addon says of a socket's address. */
export function boundAddress(
  name: readonly [host: string, port: number, family: number] | null,
): BoundAddress | null {
  if (name === null) return null;
  const [host, port, family] = name;
  if (family === UNIX) return { path: host };
  return { address: host, port, family: family === IPV6 ? 6 : 4 };
}

/**
 * Removes the file of a Unix socket that nobody listens on any more, so that it can be bound again.
 *
 * @throws CodedError ERR_ADDRESS if there is something else than a socket at that path; SystemError EADDRINUSE if
 *   somebody does listen
 */
export function removeStaleSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new CodedError(
      "ERR_ADDRESS",
      `${path} exists and is not a socket; remove it or choose another path`,
    );
  }
  if (isListenedOn(path)) {
    throw new SystemError("EADDRINUSE", "bind", `cannot listen on ${path}: another process does`);
  }
  unlinkSync(path);
}

/** Tells whether a process listens on a Unix socket, by the kernel's list: path last, flags fourth. @see proc(5) */
function isListenedOn(path: string): boolean {
  const LISTENING = 0x10000;
  for (const line of readFileSync("/proc/net/unix", "utf8").split("\n")) {
    const fields = line.split(" ");
    if (line.endsWith(` ${path}`) && (Number.parseInt(fields[3] ?? "0", 16) & LISTENING) !== 0)
      return true;
  }
  return false;
}

function unixAddress(path: string): ListenAddress {
  if (path === "" || Buffer.byteLength(path) > LONGEST_PATH || path.includes("\0")) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the path of the Unix socket is ${describe(path)}; allowed are 1 to ${LONGEST_PATH} bytes`,
    );
  }
  return { kind: UNIX, host: path, port: 0, isDualStack: false };
}
