/**
 * BoundSocket: a listening socket from which nobody accepts yet; connections wait in the kernel.
 *
 * bindSockets() and bindUnixSocket() make them, TCPServer.addSocket() takes them. Between the two, the descriptor may be
 * given to another process, which takes it by its number.
 */
import { closeSync, rmSync } from "node:fs";
import type { BoundAddress } from "./listenaddress.ts";
import { isAbstract } from "./unixname.ts";

export class BoundSocket {
  readonly #fd: number;
  readonly address: BoundAddress;
  #isOpen = true;

  /** @internal bindSockets() makes them. */
  constructor(fd: number, address: BoundAddress) {
    this.#fd = fd;
    this.address = address;
  }

  /** The descriptor, close-on-exec and non-blocking; -1 once it is closed. */
  get fd(): number {
    return this.#isOpen ? this.#fd : -1;
  }

  /** Closes, and removes the file of a Unix socket. Again: nothing happens. */
  close(): void {
    if (!this.#isOpen) return;
    this.release();
    removeSocketFile(this.address);
  }

  /** @internal Closes the descriptor, of which somebody has a duplicate. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}

/** Removes the file of a Unix socket that is no longer listened on; an address of IP has none. */
export function removeSocketFile(address: BoundAddress): void {
  if ("path" in address && !isAbstract(address.path)) rmSync(address.path, { force: true });
}
