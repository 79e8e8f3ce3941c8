/**
 * ListeningServer: the part of HTTPServer that is about where it listens: in this process, or in workers.
 *
 *     server.listen(8888);                            this process, at once
 *     server.bind(8888); await server.start(0);       one worker per CPU, which share the socket
 *     server.addSockets(bindSockets(8888));           sockets that were made elsewhere
 */
import { CodedError } from "../base/errors.ts";
import type { IOLoop } from "../loop/ioloop.ts";
import { QuietOwner } from "../loop/slotowner.ts";
import { type BindManner, bindAddress } from "../net/bindaddress.ts";
import type { BoundSocket } from "../net/boundsocket.ts";
import { type BoundAddress, parseListenAddress } from "../net/listenaddress.ts";
import { type HeadLimits, ListeningSockets } from "../net/listeningsockets.ts";
import { forkServer } from "../process/forkprocesses.ts";
import type { PreforkOptions } from "../process/preforkoptions.ts";
import { noteListening } from "../process/systemd.ts";

/** What is asked of the kernel, and what the addon has to know of the connections. */
export interface ListenerOptions extends HeadLimits {
  readonly backlog: number;
  readonly tcpKeepAliveMs: number;
  readonly reusePort: boolean;
}

export abstract class ListeningServer extends QuietOwner {
  readonly #listeners: ListeningSockets;
  readonly #manner: BindManner;
  /** What bind() has bound, until start(). */
  readonly #bound: BoundSocket[] = [];
  #isStarted = false;

  constructor(loop: IOLoop, options: ListenerOptions) {
    super();
    const { backlog, reusePort } = options;
    this.#manner = { backlog, reusePort, mode: -1 };
    this.#listeners = new ListeningSockets(loop, this, options, options.tcpKeepAliveMs);
  }

  /** stop() was called. */
  abstract get isStopping(): boolean;

  /** Called when this process has begun to accept from a socket. */
  protected abstract onListening(): void;

  /**
   * Listens on one more address, in this process.
   *
   * @param port    0 to 65535 (0: the kernel picks one, see `address`), or the path of a Unix socket
   * @param address numeric, or "localhost"; none = all addresses, IPv4 and IPv6
   * @returns this
   * @throws CodedError ERR_ADDRESS; SystemError EADDRINUSE, EACCES, EADDRNOTAVAIL, …; ERR_SERVER_STOPPED
   */
  listen(port: number | string, address?: string): this {
    this.#checkRunning();
    return this.addSocket(this.#bind(port, address));
  }

  /** As listen(), but accepts nothing before start(): connections wait in the kernel. */
  bind(port: number | string, address?: string): this {
    this.#checkRunning();
    this.#bound.push(this.#bind(port, address));
    return this;
  }

  /**
   * Accepts from what bind() has bound: in this process, or in workers, of which this one is the parent from then on.
   *
   * @param processCount 1: this process; more: as many workers; 0, null or less: one per CPU. @see forkProcesses
   * @returns settles where requests are served; never in a parent
   * @throws CodedError ERR_STATE if it was called before; ERR_ARGUMENT_RANGE for another count; ERR_SERVER_STOPPED;
   *   ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
   */
  async start(processCount: number | null = 1, options: PreforkOptions = {}): Promise<void> {
    this.#checkRunning();
    if (this.#isStarted)
      throw new CodedError(
        "ERR_STATE",
        "start() was called before, and may be called once; bind() all addresses before it, or listen() on more",
      );
    const forked = forkServer(processCount, options);
    this.#isStarted = true;
    if (forked !== null) await forked;
    if (!this.isStopping) this.addSockets(this.#bound.splice(0));
  }

  /**
   * Accepts from one more socket, in this process.
   *
   * @param socket becomes the server's; or a listening descriptor, which is duplicated and stays the caller's to close
   * @returns this
   * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen; ERR_SERVER_STOPPED
   */
  addSocket(socket: BoundSocket | number): this {
    this.#checkRunning();
    this.#listeners.add(socket);
    this.onListening();
    noteListening();
    return this;
  }

  /** addSocket() for each. */
  addSockets(sockets: Iterable<BoundSocket | number>): this {
    for (const socket of sockets) this.addSocket(socket);
    return this;
  }

  /** Where the server listens first; null before listen() or start(), and after stop(). */
  get address(): BoundAddress | null {
    return this.#listeners.addresses[0] ?? null;
  }

  /** Every address the server listens on. */
  get addresses(): readonly BoundAddress[] {
    return this.#listeners.addresses;
  }

  /** The TCP port it listens on, the first if there are several: what the kernel chose for 0. null = none. */
  get port(): number | null {
    return this.#listeners.port;
  }

  /** Accepts no more. */
  protected closeListeners(): void {
    this.#listeners.close();
    for (const socket of this.#bound.splice(0)) socket.close();
  }

  #bind(port: number | string, address: string | undefined): BoundSocket {
    return bindAddress(parseListenAddress(port, address), this.#manner);
  }

  #checkRunning(): void {
    if (!this.isStopping) return;
    throw new CodedError("ERR_SERVER_STOPPED", "the server was stopped; make a new one");
  }
}
