/**
 * BoundSocket: a listening socket from which nobody accepts yet; connections wait in the kernel.
 *
 * bindSockets() and bindUnixSocket() make them, TCPServer.addSocket() and HTTPServer.addSocket() take them. Between the
 * two, forkProcesses() may have other processes inherit the descriptor.
 */
import { closeSync, rmSync } from "node:fs";
import { noteSettled } from "../process/inheritance.ts";
import type { BoundAddress } from "./listenaddress.ts";
import { isAbstract } from "./unixname.ts";

/** Where a socket has come from. */
export interface SocketOrigin {
  /** The file of a Unix socket goes with it. Default true. */
  readonly ownsFile?: boolean;
  /** Called when the descriptor is about to be closed: no worker is to inherit it any more. */
  readonly withdraw?: () => void;
}

export class BoundSocket {
  readonly #fd: number;
  readonly #withdraw: (() => void) | undefined;
  readonly address: BoundAddress;
  /** @internal The file of a Unix socket goes with it: it was made here, and not by a parent or by systemd. */
  readonly ownsFile: boolean;
  #isOpen = true;

  /** @internal bindSockets() makes them. */
  constructor(fd: number, address: BoundAddress, origin: SocketOrigin = {}) {
    this.#fd = fd;
    this.address = address;
    this.ownsFile = origin.ownsFile ?? true;
    this.#withdraw = origin.withdraw;
  }

  /** The descriptor, close-on-exec and non-blocking; -1 once it is closed. */
  get fd(): number {
    return this.#isOpen ? this.#fd : -1;
  }

  /** Closes, and removes the file of a Unix socket. Again: nothing happens. */
  close(): void {
    if (!this.#isOpen) return;
    this.release();
    if (this.ownsFile) removeSocketFile(this.address);
  }

  /** @internal Closes the descriptor, of which somebody has a duplicate. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#withdraw?.();
    noteSettled(this.#fd);
    closeSync(this.#fd);
  }
}

/** Removes the file of a Unix socket that is no longer listened on; an address of IP has none. */
export function removeSocketFile(address: BoundAddress): void {
  if ("path" in address && !isAbstract(address.path)) rmSync(address.path, { force: true });
}
