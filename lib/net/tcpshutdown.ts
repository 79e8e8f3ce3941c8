/**
 * TCPShutdown: a TCPServer's part in the end of its process: it accepts no more, waits for the handlers of its
 * connections, and closes what is left when the time is over.
 */
import { IOLoop } from "../loop/ioloop.ts";
import {
  registerStoppable,
  type ShutdownOptions,
  type Stoppable,
  stopOnSignals,
} from "../process/shutdown.ts";

/** What is needed of the server. */
interface StoppingServer {
  readonly connectionCount: number;
  stop(): void;
  closeAllConnections(): void;
}

/** How long the handlers of connections may take when the process shuts down and nobody says how long. */
const DEFAULT_GRACE_MS = 10_000;

export class TCPShutdown implements Stoppable {
  readonly stopGraceMs = DEFAULT_GRACE_MS;
  readonly #server: StoppingServer;
  #release: (() => void) | null = null;
  #waiting: (() => void)[] = [];

  constructor(server: StoppingServer) {
    this.#server = server;
  }

  /** The server accepts in this process: it is stopped with it, by signals, too. May be called again. */
  register(): void {
    if (this.#release !== null) return;
    const unregister = registerStoppable(this);
    const endSignals = stopOnSignals();
    this.#release = () => {
      unregister();
      endSignals();
    };
  }

  /** The process shuts down. */
  async stop({ graceMs = DEFAULT_GRACE_MS }: ShutdownOptions): Promise<void> {
    this.#server.stop();
    if (graceMs === 0) this.#server.closeAllConnections();
    if (this.#server.connectionCount === 0) return;
    const loop = IOLoop.current();
    const force = loop.callLater(graceMs, () => this.#server.closeAllConnections());
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    loop.removeTimeout(force);
  }

  /** The server has stopped, or a connection of it has closed since: is it over? */
  settle(): void {
    if (this.#server.connectionCount > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
    this.#release?.();
    this.#release = null;
  }
}
