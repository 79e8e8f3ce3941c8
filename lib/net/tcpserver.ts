/**
 * TCPServer: accepts connections and gives each, as an IOStream, to handleStream(), after Tornado's.
 *
 *     class Echo extends TCPServer {
 *       override async handleStream(stream: IOStream) {
 *         for (;;) await stream.write(await stream.readUntil("\n", { maxBytes: 1024 }));
 *       }
 *     }
 *     new Echo({ idleTimeoutMs: 60_000 }).listen(8888);
 *
 * A handler that ends by StreamClosedError has ended in the ordinary way. What else it throws is logged, and closes its
 * connection and no other.
 */
import { AsyncResource } from "node:async_hooks";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { resolve } from "../base/options.ts";
import { OP_ABORT } from "../native/addon.ts";
import { IOLoop } from "../loop/ioloop.ts";
import { quietOwner, type SlotOwner } from "../loop/slotowner.ts";
import type { WheelOwner } from "../loop/timingwheel.ts";
import { forkServer } from "../process/forkprocesses.ts";
import type { PreforkOptions } from "../process/preforkoptions.ts";
import { noteListening } from "../process/systemd.ts";
import { Acceptor } from "./acceptor.ts";
import type { BoundSocket } from "./boundsocket.ts";
import { IOStream, type StreamKeeper } from "./iostream.ts";
import { type ResolvedIOStreamOptions, resolveStreamOptions } from "./iostreamoptions.ts";
import type { BoundAddress } from "./listenaddress.ts";
import { bindSockets } from "./netutil.ts";
import { StreamClosedError } from "./streamerrors.ts";
import {
  type ResolvedTCPServerOptions,
  serverOptions,
  type TCPServerOptions,
} from "./tcpserveroptions.ts";
import { TCPShutdown } from "./tcpshutdown.ts";

interface Connection {
  readonly stream: IOStream;
  /** Its entry on the wheel; 0 = none. */
  readonly deadline: number;
}

export class TCPServer implements StreamKeeper, WheelOwner {
  readonly #loop: IOLoop;
  readonly #options: ResolvedTCPServerOptions;
  readonly #streamOptions: ResolvedIOStreamOptions;
  readonly #acceptor: Acceptor;
  /** The asynchronous context that handlers begin in: that of whoever made the server. */
  readonly #context = new AsyncResource("landspout.TCPServer");
  /** By slot. */
  readonly #connections = new Map<number, Connection>();
  #bound: BoundSocket[] = [];
  #isStarted = false;
  #isStopped = false;
  readonly #stop = new TCPShutdown(this);

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
  constructor(options: TCPServerOptions = {}) {
    this.#options = resolve("TCPServer", serverOptions, options);
    const { maxBufferBytes, readChunkBytes, maxWriteBufferBytes } = this.#options;
    this.#streamOptions = resolveStreamOptions({
      maxBufferBytes,
      readChunkBytes,
      maxWriteBufferBytes,
    });
    this.#loop = IOLoop.current();
    this.#acceptor = new Acceptor(
      this.#loop,
      (slot, generation) => this.#take(slot, generation),
      this.#options.tcpKeepAliveMs,
    );
  }

  /**
   * Serves one connection; what a subclass is made for. May be async.
   *
   * @param stream  open; the handler closes it, or leaves it to others who will
   * @param address the peer's
   */
  handleStream(_stream: IOStream, _address: BoundAddress): unknown {
    throw new CodedError("ERR_STATE", "a TCPServer needs a subclass that overrides handleStream()");
  }

  /**
   * Listens on one more address.
   *
   * @param port    0 to 65535 (0: the kernel picks one, see `address`), or the path of a Unix socket
   * @param address numeric, or "localhost"; none = all addresses, IPv4 and IPv6
   * @returns this
   * @throws CodedError ERR_ADDRESS; SystemError EADDRINUSE, EACCES, EADDRNOTAVAIL, …; ERR_SERVER_STOPPED
   */
  listen(port: number | string, address?: string): this {
    this.#checkRunning();
    return this.addSockets(this.#bind(port, address));
  }

  /** As listen(), but accepts nothing before start(). */
  bind(port: number | string, address?: string): this {
    this.#checkRunning();
    this.#bound.push(...this.#bind(port, address));
    return this;
  }

  /**
   * Accepts from what bind() has bound: in this process, or in workers, of which this one is the parent from then on.
   *
   * @param processCount 1: this process; more: as many workers; 0, null or less: one per CPU. @see forkProcesses
   * @returns settles where connections are accepted; never in a parent
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
    if (!this.#isStopped) this.addSockets(this.takeBoundSockets());
  }

  /** @internal What bind() has bound: the caller's from now on, to hand to other processes. */
  takeBoundSockets(): BoundSocket[] {
    return this.#bound.splice(0);
  }

  /**
   * Accepts from one more socket.
   *
   * @param socket becomes the server's; or a listening descriptor, which is duplicated and stays the caller's to close
   * @throws SystemError EBADF, ENOTSOCK, EINVAL if it does not listen; ERR_SERVER_STOPPED
   */
  addSocket(socket: BoundSocket | number): this {
    this.#checkRunning();
    this.#acceptor.add(socket);
    this.#stop.register();
    noteListening();
    return this;
  }

  /** addSocket() for each. */
  addSockets(sockets: Iterable<BoundSocket | number>): this {
    for (const socket of sockets) this.addSocket(socket);
    return this;
  }

  /** Where the server listens first; null before and after. */
  get address(): BoundAddress | null {
    return this.addresses[0] ?? null;
  }

  /** Every address the server accepts from. */
  get addresses(): readonly BoundAddress[] {
    return this.#acceptor.addresses;
  }

  /** The TCP port it accepts from, the first if there are several: what the kernel chose for 0. null = none. */
  get port(): number | null {
    return this.#acceptor.port;
  }

  /** Connections whose descriptors are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Accepts no more; connections that are open go on. Again: nothing happens. */
  stop(): void {
    this.#isStopped = true;
    this.#acceptor.close();
    for (const socket of this.#bound.splice(0)) socket.close();
    this.#stop.settle();
  }

  /** Closes every connection at once. */
  closeAllConnections(): void {
    for (const { stream } of [...this.#connections.values()]) stream.abort();
  }

  // Called from below.

  /** @internal */
  onReleased(_stream: IOStream, slot: number): void {
    const connection = this.#connections.get(slot);
    if (connection === undefined) return;
    this.#connections.delete(slot);
    this.#loop.wheel.cancel(connection.deadline);
    if (this.#isStopped) this.#stop.settle();
  }

  /** @internal A connection's entry on the wheel is due: was it silent all the time? */
  onDeadline(slot: number, nowMs: number): number {
    const { idleTimeoutMs } = this.#options;
    const silentMs = nowMs - (this.#loop.lastActive[slot] ?? 0);
    if (silentMs < idleTimeoutMs) return idleTimeoutMs - silentMs;
    this.#connections
      .get(slot)
      ?.stream.close(
        new CodedError("ERR_STREAM_IDLE", `the connection was silent for ${idleTimeoutMs} ms`),
      );
    return 0;
  }

  // Steps.

  #checkRunning(): void {
    if (!this.#isStopped) return;
    throw new CodedError("ERR_SERVER_STOPPED", "the server was stopped; make a new one");
  }

  #bind(port: number | string, address: string | undefined): BoundSocket[] {
    const { backlog, reusePort } = this.#options;
    return bindSockets(port, address, { backlog, reusePort });
  }

  #take(slot: number, generation: number): SlotOwner {
    const { maxConnections, idleTimeoutMs } = this.#options;
    const { wheel, clock, outbox } = this.#loop;
    if (maxConnections !== null && this.#connections.size >= maxConnections) {
      outbox.command(OP_ABORT, slot, generation);
      log.info(`refused a connection: there are ${maxConnections}, as maxConnections says`);
      return quietOwner;
    }
    const stream = IOStream.ofSlot({ slot, generation }, this.#streamOptions, this);
    let deadline = 0;
    if (idleTimeoutMs > 0) {
      const deadlineMs = clock.turnMs + idleTimeoutMs;
      deadline = wheel.add(deadlineMs, this, slot);
      this.#loop.wheelChanged(deadlineMs);
    }
    this.#connections.set(slot, { stream, deadline });
    const address = stream.remoteAddress;
    if (address === null) stream.abort();
    else this.#context.runInAsyncScope(() => void this.#handle(stream, address));
    return IOStream.ownerOf(stream);
  }

  async #handle(stream: IOStream, address: BoundAddress): Promise<void> {
    try {
      await this.handleStream(stream, address);
    } catch (error) {
      stream.close(error instanceof Error ? error : null);
      if (!(error instanceof StreamClosedError)) log.error("Error in connection callback", error);
      else if (error.realError !== null) log.info(`a connection ended: ${error.realError.message}`);
    }
  }
}
