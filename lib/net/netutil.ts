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
import { BoundSocket } from "./boundsocket.ts";
import { IOStream } from "./iostream.ts";
import {
  addressText,
  type BoundAddress,
  boundAddress,
  IPV4,
  IPV6,
  type ListenAddress,
  parseListenAddress,
  removeStaleSocket,
  UNIX,
} from "./listenaddress.ts";
import { listenError } from "./listenerror.ts";
import { checkUnixName, isAbstract } from "./unixname.ts";

const EAFNOSUPPORT = 97;
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
 * Makes listening sockets from which nobody accepts yet.
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
  let made = open(where, backlog, reusePort, -1);
  // A machine without IPv6 has all its addresses in 0.0.0.0.
  if (typeof made !== "number" && where.isDualStack && made[0] === EAFNOSUPPORT) {
    where = everyIPv4(where.port);
    made = open(where, backlog, reusePort, -1);
  }
  return [bound(made, where)];
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
  if (!isAbstract(host)) removeStaleSocket(host);
  const where: ListenAddress = { kind: UNIX, host, port: 0, isDualStack: false };
  return bound(open(where, backlog, false, mode), where);
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

function everyIPv4(port: number): ListenAddress {
  return { kind: IPV4, host: "0.0.0.0", port, isDualStack: false };
}

function open(
  { kind, host, port, isDualStack }: ListenAddress,
  backlog: number,
  reusePort: boolean,
  mode: number,
): number | [errno: number, syscall: string] {
  const { poller } = IOLoop.current();
  return poller.bind(kind, host, port, backlog, reusePort, !isDualStack, mode);
}

function bound(made: number | [number, string], where: ListenAddress): BoundSocket {
  if (typeof made !== "number") throw listenError(made, addressText(where).replace("\0", "@"));
  if (where.kind === UNIX) return new BoundSocket(made, { path: where.host });
  const address = boundAddress(IOLoop.current().poller.fdName(made));
  return new BoundSocket(made, address ?? { address: where.host, port: where.port, family: 4 });
}
