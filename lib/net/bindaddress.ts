/**
 * bindAddress: the one way to a listening socket. bindSockets(), bindUnixSocket(), HTTPServer and TCPServer call it.
 *
 * What this process has got from others comes first: from the parent of prefork, which has bound the same before, then
 * from systemd. Else a socket is made, and offered to the workers that this process may start one day.
 */
import { IOLoop } from "../loop/ioloop.ts";
import { nextKey, offer, takeInherited } from "../process/inheritance.ts";
import { BoundSocket } from "./boundsocket.ts";
import {
  addressText,
  type BoundAddress,
  boundAddress,
  IPV4,
  type ListenAddress,
  removeStaleSocket,
  UNIX,
} from "./listenaddress.ts";
import { listenError } from "./listenerror.ts";
import { activatedSocket } from "./systemdsockets.ts";
import { isAbstract } from "./unixname.ts";

const EAFNOSUPPORT = 97;

/** How to bind. */
export interface BindManner {
  readonly backlog: number;
  /** Workers get a socket each, instead of one for all. */
  readonly reusePort: boolean;
  /** Permissions of the file of a Unix socket; below 0: what the umask says. */
  readonly mode: number;
}

/**
 * Makes, or takes over, one listening socket from which nobody accepts yet.
 *
 * @throws CodedError ERR_ADDRESS if something else than a socket is at the path; SystemError EADDRINUSE, EACCES, …
 */
export function bindAddress(where: ListenAddress, manner: BindManner): BoundSocket {
  const text = addressText(where).replace("\0", "@");
  const key = nextKey(
    `${text}${where.isDualStack ? " dual" : ""}${manner.reusePort ? " each" : ""}`,
  );
  const inherited = takeInherited(key);
  if (inherited !== null) {
    return new BoundSocket(inherited, addressOf(inherited, where), { ownsFile: false });
  }
  const activated = activatedSocket(where, key);
  if (activated !== null) return activated;
  return made(where, manner, key);
}

function made(where: ListenAddress, manner: BindManner, key: string): BoundSocket {
  if (where.kind === UNIX && !isAbstract(where.host)) removeStaleSocket(where.host);
  let opened = open(where, manner);
  // A machine without IPv6 has all its addresses in 0.0.0.0.
  if (typeof opened !== "number" && where.isDualStack && opened[0] === EAFNOSUPPORT) {
    where = everyIPv4(where.port);
    opened = open(where, manner);
  }
  if (typeof opened !== "number") throw listenError(opened, addressText(where).replace("\0", "@"));
  const address = addressOf(opened, where);
  const isEach = manner.reusePort && where.kind !== UNIX;
  const withdraw = offer(key, {
    fd: opened,
    another: isEach ? () => another(where, address, manner) : null,
    close: () => socket.close(),
  });
  const socket = new BoundSocket(opened, address, { withdraw });
  return socket;
}

/** "All addresses" where there is no IPv6. */
export function everyIPv4(port: number): ListenAddress {
  return { kind: IPV4, host: "0.0.0.0", port, isDualStack: false };
}

/** One more socket of the same port, which the kernel may have chosen. */
function another(where: ListenAddress, address: BoundAddress, manner: BindManner): number {
  const again = "port" in address ? { ...where, port: address.port } : where;
  const opened = open(again, manner);
  if (typeof opened !== "number") throw listenError(opened, addressText(again));
  return opened;
}

function open(
  { kind, host, port, isDualStack }: ListenAddress,
  { backlog, reusePort, mode }: BindManner,
): number | [errno: number, syscall: string] {
  const { poller } = IOLoop.current();
  return poller.bind(kind, host, port, backlog, reusePort && kind !== UNIX, !isDualStack, mode);
}

function addressOf(fd: number, where: ListenAddress): BoundAddress {
  if (where.kind === UNIX) return { path: where.host };
  const address = boundAddress(IOLoop.current().poller.fdName(fd));
  return address ?? { address: where.host, port: where.port, family: 4 };
}
