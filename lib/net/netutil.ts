/**
 * Functions about sockets and addresses, after tornado.netutil.
 *
 *     const sockets = bindSockets(8888);
 *     server.addSockets(sockets);
 */
import { isIP } from "node:net";
import { CodedError } from "../base/errors.ts";
import { boolean, type Input, integer, oneOf, options, resolve } from "../base/options.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { Acceptor } from "./acceptor.ts";
import { bindAddress, everyIPv4 } from "./bindaddress.ts";
import type { BoundSocket } from "./boundsocket.ts";
import { IOStream } from "./iostream.ts";
import {
  addressText,
  type BoundAddress,
  IPV4,
  IPV6,
  type ListenAddress,
  parseListenAddress,
  UNIX,
} from "./listenaddress.ts";
import { checkUnixName } from "./unixname.ts";

const LAST_MODE = 0o777;

export const bindOptions = options({
  /** Connections that the kernel holds until they are accepted; it may allow fewer (net.core.somaxconn). */
  backlog: integer({ default: 1024, min: 1, max: 65_535 }),
  /** Let several sockets, of several processes say, be bound to the same port (SO_REUSEPORT). */
  reusePort: boolean({ default: false }),
  /** Which of "all addresses" is meant; null = IPv4 and IPv6. */
  family: oneOf({ values: [4, 6], default: null }),
});
export type BindOptions = Input<typeof bindOptions>;

export const bindUnixOptions = options({
  /** Permissions of the socket's file, less what the umask takes: who may connect. */
  mode: integer({ default: 0o600, min: 0, max: LAST_MODE }),
  /** Connections that the kernel holds until they are accepted. */
  backlog: integer({ default: 1024, min: 1, max: 65_535 }),
});
export type BindUnixOptions = Input<typeof bindUnixOptions>;

/**
 * Makes listening sockets from which nobody accepts yet. What is bound before forkProcesses() is bound by the parent, and
 * inherited by the workers; what systemd listens on is taken from it.
 *
 * @param port    0 to 65535 (0: the kernel picks one), or the path of a Unix socket
 * @param address numeric, or "localhost"; none = all addresses, IPv4 and IPv6, by one socket
 * @returns one socket for each address
 * @throws CodedError ERR_ADDRESS; SystemError EADDRINUSE, EACCES, EADDRNOTAVAIL, …; ERR_UNKNOWN_OPTION, …
 */
export function bindSockets(
  port: number | string,
  address?: string,
  given: BindOptions = {},
): BoundSocket[] {
  const { backlog, reusePort, family } = resolve("bindSockets()", bindOptions, given);
  let where = parseListenAddress(port, address);
  if (where.kind === UNIX) return [bindUnixSocket(where.host, { backlog })];
  if (where.isDualStack && family === IPV4) where = everyIPv4(where.port);
  else if (where.isDualStack && family === IPV6) where = { ...where, isDualStack: false };
  if (family !== null && where.kind !== family) {
    throw new CodedError(
      "ERR_ADDRESS",
      `the address ${addressText(where)} is not of the family that was asked for, IPv${family}`,
    );
  }
  return [bindAddress(where, { backlog, reusePort, mode: -1 })];
}

/**
 * Makes a listening Unix socket. A socket at that path on which nobody listens any more is replaced.
 *
 * @param path at most 107 bytes; "\0" and a name: an abstract name of Linux, without a file
 * @throws CodedError ERR_ADDRESS if it is no path or something else than a socket is there; SystemError EADDRINUSE, EACCES,
 *   ENOENT, …; ERR_UNKNOWN_OPTION, …
 * @see unix(7)
 */
export function bindUnixSocket(path: string, given: BindUnixOptions = {}): BoundSocket {
  const { mode, backlog } = resolve("bindUnixSocket()", bindUnixOptions, given);
  const host = checkUnixName(path);
  const where: ListenAddress = { kind: UNIX, host, port: 0, isDualStack: false };
  return bindAddress(where, { backlog, reusePort: false, mode });
}

/**
 * Accepts the connections of a socket, at most 128 a turn.
 *
 * @param socket   becomes the loop's; or a listening descriptor, which is duplicated and stays the caller's
 * @param callback given each connection; what it throws is logged
 * @returns stops accepting and closes the socket
 * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen
 */
export function addAcceptHandler(
  socket: BoundSocket | number,
  callback: (stream: IOStream, address: BoundAddress) => unknown,
): () => void {
  const loop = IOLoop.current();
  const acceptor = new Acceptor(loop, (slot, generation) => {
    const stream = IOStream.ofSlot({ slot, generation }, {}, null);
    const address = stream.remoteAddress;
    if (address === null) stream.abort();
    else loop.addCallback(callback, stream, address);
    return IOStream.ownerOf(stream);
  });
  acceptor.add(socket);
  return () => acceptor.close();
}

/** Tells whether `text` is a numeric IPv4 or IPv6 address. */
export function isValidIp(text: string): boolean {
  return typeof text === "string" && isIP(text) !== 0;
}
