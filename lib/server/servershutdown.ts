/**
 * ServerShutdown: how an HTTPServer stops. It has one, which is also what the process stops when it shuts down.
 *
 *     stop() ──▶ accept no more
 *            ├─▶ a request in progress, half a head     answered, "Connection: close", closed
 *            ├─▶ an idle connection                     closed once silent for stopIdleMs; a request before that is answered
 *            ├─▶ a WebSocket                            1001, or 1012 for a restart, spread over webSocketCloseWindowMs
 *            └─▶ graceMs later                          whatever is left is reset; handlers hear of it as of a client's going
 *     the last connection has closed ──▶ settled, however early
 *
 * A connection that has just been made, or was used a moment ago, is likely to have a request on its way: to close it at once
 * would cut that off. The times are deadlines on the loop's wheel.
 */
import type { IOLoop } from "../loop/ioloop.ts";
import { GOING_AWAY, SERVICE_RESTART } from "../websocket/closecode.ts";
import {
  registerStoppable,
  type ShutdownOptions,
  type Stoppable,
  stopOnSignals,
} from "../process/shutdown.ts";
import { addStatsSource } from "../process/stats.ts";
import { watchBlockedTurns } from "./blockedturns.ts";
import type { ServerStats } from "./serverstats.ts";

/** What is needed of the server. */
export interface StoppingServer {
  readonly loop: IOLoop;
  readonly options: {
    readonly handleSignals: boolean;
    readonly stopGraceMs: number;
    readonly drainDelayMs: number;
    readonly webSocketCloseWindowMs: number;
    readonly blockedLoopMs: number;
  };
  readonly upgrades: { goAway(code: number, windowMs: number): void };
  /** Accepts no more, and has every connection end that is not in the middle of something. */
  startDraining(): void;
  closeAllConnections(): void;
  stop(options: ShutdownOptions): Promise<void>;
  stats(): ServerStats;
  /** The last connection that is waited for has closed. */
  readonly hasEnded: boolean;
}

export class ServerShutdown implements Stoppable {
  readonly #server: StoppingServer;
  #done: Promise<void> | null = null;
  #settle: () => void = () => {};
  #forceAtMs = Number.POSITIVE_INFINITY;
  /** Entry on the wheel; 0 = none. */
  #force = 0;
  #release: (() => void) | null = null;
  #endDelay: (() => void) | null = null;

  constructor(server: StoppingServer) {
    this.#server = server;
  }

  /** Stopping has begun. */
  get isStopping(): boolean {
    return this.#done !== null;
  }

  get stopGraceMs(): number {
    const { stopGraceMs, drainDelayMs } = this.#server.options;
    return stopGraceMs + drainDelayMs;
  }

  /** The server listens in this process: it is stopped with it, by signals too. May be called again. */
  register(): void {
    if (this.#release !== null || this.isStopping) return;
    const unregister = registerStoppable(this);
    const removeStats = addStatsSource("servers", () => this.#server.stats());
    const { loop, options } = this.#server;
    const endWatch = watchBlockedTurns(loop, options.blockedLoopMs);
    const endSignals = options.handleSignals ? stopOnSignals() : null;
    this.#release = () => {
      unregister();
      removeStats();
      endWatch();
      endSignals?.();
    };
  }

  /** The process shuts down. Who balances load may need a moment to send no more: drainDelayMs. */
  async stop(options: ShutdownOptions): Promise<void> {
    const { drainDelayMs, stopGraceMs } = this.#server.options;
    const { graceMs } = options;
    // A grace that was given is that of the delay, too.
    const delayMs = graceMs === undefined ? drainDelayMs : Math.min(drainDelayMs, graceMs / 2);
    if (graceMs === 0) this.#endDelay?.();
    else if (delayMs > 0 && !this.isStopping) await this.#delay(delayMs);
    const leftMs = graceMs === undefined ? stopGraceMs : graceMs - delayMs;
    await this.#server.stop({ ...options, graceMs: leftMs });
  }

  /** See HTTPServer.stop(). A second call may shorten the time, and never lengthens it. */
  begin({ graceMs, isRestart = false }: ShutdownOptions): Promise<void> {
    const server = this.#server;
    const mostMs = graceMs ?? server.options.stopGraceMs;
    if (this.#done === null) {
      this.#done = new Promise((resolve) => {
        this.#settle = resolve;
      });
      server.startDraining();
      // Not longer than half of the time there is: their answers take some of it, too. Codes: RFC 6455 §7.4.1.
      const windowMs = Math.min(server.options.webSocketCloseWindowMs, mostMs / 2);
      server.upgrades.goAway(isRestart ? SERVICE_RESTART : GOING_AWAY, windowMs);
    }
    if (mostMs === 0) server.closeAllConnections();
    else this.#forceIn(mostMs);
    this.settle();
    return this.#done;
  }

  /** A connection has closed, or is no longer the server's to wait for. */
  settle(): void {
    if (this.#done === null || !this.#server.hasEnded) return;
    this.#server.loop.wheel.cancel(this.#force);
    this.#force = 0;
    const release = this.#release;
    this.#release = null;
    this.#settle();
    // Signals are ours until the shutdown that they began has seen the end of it.
    if (release !== null) void this.#done.then(release);
  }

  #forceIn(mostMs: number): void {
    const { loop } = this.#server;
    const atMs = loop.clock.now() + mostMs;
    if (atMs >= this.#forceAtMs) return;
    this.#forceAtMs = atMs;
    loop.wheel.cancel(this.#force);
    this.#force = loop.wheel.addCallback(atMs, () => this.#server.closeAllConnections());
    loop.wheelChanged(atMs);
  }

  #delay(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { loop } = this.#server;
      const atMs = loop.clock.now() + ms;
      const end = () => {
        loop.wheel.cancel(entry);
        this.#endDelay = null;
        resolve();
      };
      const entry = loop.wheel.addCallback(atMs, end);
      loop.wheelChanged(atMs);
      this.#endDelay = end;
    });
  }
}
