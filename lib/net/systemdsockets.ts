/**
 * Sockets of systemd (socket activation): it has bound them before the service runs, and keeps them open while the
 * service is restarted, so that no connection is refused meanwhile.
 *
 *     server.listen(8888);                      // takes the one of systemd that listens there, if there is one
 *     server.addSockets(systemdSockets());      // or all of them, whatever the unit says
 *
 * @see systemd.socket(5), sd_listen_fds(3)
 */
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { IOLoop } from "../loop/ioloop.ts";
import {
  closeOnExec,
  inheritedKeys,
  nextKey,
  offer,
  takeInherited,
} from "../process/inheritance.ts";
import { activatedDescriptors } from "../process/systemd.ts";
import { BoundSocket } from "./boundsocket.ts";
import {
  addressText,
  type BoundAddress,
  boundAddress,
  type ListenAddress,
  UNIX,
} from "./listenaddress.ts";

/** A socket that systemd has handed over and nobody has taken. */
interface Activated {
  readonly fd: number;
  readonly name: string;
  readonly address: BoundAddress;
}

/** Keys of sockets that were taken without an address. */
const PREFIX = "systemd ";

let untaken: Activated[] | null = null;

/**
 * Takes the listening sockets that systemd has handed to this process and that no listen() or bind() has taken.
 *
 * @param name only those of this FileDescriptorName=
 * @returns in the order of the socket unit; none if the process was not started by a socket unit. Their files, if they are
 *   Unix sockets, are systemd's
 */
export function systemdSockets(name?: string): BoundSocket[] {
  const wanted = `${PREFIX}${name ?? ""}`;
  const inherited = inheritedKeys(name === undefined ? wanted : `${wanted} `).flatMap((key) => {
    const fd = takeInherited(key);
    const address = fd === null ? null : addressOf(fd);
    return fd === null || address === null ? [] : [new BoundSocket(fd, address, FOREIGN)];
  });
  if (inherited.length > 0) return inherited;
  const all = activated();
  const found = all.filter((one) => name === undefined || one.name === name);
  untaken = all.filter((one) => !found.includes(one));
  return found.map((one) => take(one, nextKey(`${PREFIX}${one.name}`)));
}

/** @internal Takes the socket of systemd that listens on this address; null if there is none. */
export function activatedSocket(where: ListenAddress, key: string): BoundSocket | null {
  const all = activated();
  const found = all.find(({ address }) => listensOn(address, where));
  if (found === undefined) return null;
  untaken = all.filter((one) => one !== found);
  return take(found, key);
}

const FOREIGN = { ownsFile: false } as const;

function take({ fd, address }: Activated, key: string): BoundSocket {
  const withdraw = offer(key, { fd, another: null, close: () => socket.close() });
  const socket = new BoundSocket(fd, address, { ...FOREIGN, withdraw });
  return socket;
}

function activated(): Activated[] {
  untaken ??= activatedDescriptors().flatMap(({ fd, name }) => {
    try {
      const own = closeOnExec(fd);
      const address = addressOf(own);
      return address === null ? [] : [{ fd: own, name, address }];
    } catch (error) {
      // A datagram socket, or a FIFO: the program's to use.
      if (!(error instanceof CodedError)) throw error;
      log.info(`the descriptor ${fd} ("${name}") of systemd is not taken: ${error.message}`);
      return [];
    }
  });
  return untaken;
}

function addressOf(fd: number): BoundAddress | null {
  return boundAddress(IOLoop.current().poller.fdName(fd));
}

function listensOn(address: BoundAddress, where: ListenAddress): boolean {
  if ("path" in address) return where.kind === UNIX && address.path === where.host;
  if (where.kind === UNIX || address.port !== where.port) return false;
  if (where.isDualStack) return address.address === "::" || address.address === "0.0.0.0";
  return addressText(address) === addressText(where);
}
