/**
 * WorkerProcess: one worker, as its parent sees it. The supervisor makes them and decides; this one starts the process,
 * understands what it says, and watches that it becomes ready in time and that its loop turns.
 *
 *     starting ── ready ──▶ ready ── stop() ──▶ stopping ──▶ ended
 *         └── readyTimeoutMs over: SIGKILL  └── no pong for hangTimeoutMs: SIGKILL
 *                                                     └── graceMs over: SIGKILL
 */
import { type ChildProcess, spawn } from "node:child_process";
import { log } from "../base/log.ts";
import { type ParentMessage, type WorkerMessage, workerMessage } from "./messages.ts";
import type { ResolvedPreforkOptions } from "./preforkoptions.ts";
import { scriptCommand } from "./scriptcommand.ts";
import { workerEnvironment } from "./workerenv.ts";

/** Who hears of a worker. */
export interface WorkerListener {
  onReady(worker: WorkerProcess): void;
  /** A message that is not about the worker's own state. */
  onMessage(worker: WorkerProcess, message: WorkerMessage): void;
  /** Exactly once, and last. */
  onEnded(worker: WorkerProcess): void;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly task: number;
  readonly tasks: number;
  /** Says what it inherits: keys, and the descriptors of this process. May throw. */
  readonly inherit: () => { readonly keys: readonly string[]; readonly fds: readonly number[] };
  readonly options: ResolvedPreforkOptions;
}

/** How a worker that is told to stop is to do it. */
export interface WorkerStop {
  readonly graceMs: number;
  readonly isRestart: boolean;
}

/** How much longer than its grace a worker is waited for before it is killed. */
export const KILL_MARGIN_MS = 1_000;

/**
 * Pings in a hangTimeoutMs. A worker is killed for pings it has not answered, and not for the time on the clock: a
 * machine that was suspended would find all of them late.
 */
const PINGS = 4;

export class WorkerProcess {
  readonly task: number;
  readonly #listener: WorkerListener;
  readonly #options: ResolvedPreforkOptions;
  readonly #child: ChildProcess | null;
  #state: "starting" | "ready" | "stopping" | "ended" = "starting";
  #hasJoined = false;
  #readyAtMs: number | null = null;
  #pingId = 0;
  #missedCount = 0;
  #timers: NodeJS.Timeout[] = [];
  /** Why it was killed by us, for the log. */
  #killedFor: string | null = null;
  #end: { readonly code: number | null; readonly signal: string | null } | null = null;
  #failure: Error | null = null;

  constructor(start: WorkerStart, listener: WorkerListener) {
    this.task = start.task;
    this.#options = start.options;
    this.#listener = listener;
    this.#child = this.#spawn(start);
    const { readyTimeoutMs } = this.#options;
    if (readyTimeoutMs > 0 && this.#child !== null) {
      const why = `was not ready within ${readyTimeoutMs} ms (readyTimeoutMs)`;
      this.#timers.push(setTimeout(() => this.#killFor(why), readyTimeoutMs));
    }
  }

  /** null if it could not be started. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** It accepts connections, and was not told to stop. */
  get isReady(): boolean {
    return this.#state === "ready";
  }

  get hasEnded(): boolean {
    return this.#state === "ended";
  }

  /** It ended of its own will, or as it was told. */
  get hasSucceeded(): boolean {
    return this.#end?.code === 0;
  }

  /** How long it has been ready, in ms; null = it was not. */
  readyForMs(nowMs: number): number | null {
    return this.#readyAtMs === null ? null : nowMs - this.#readyAtMs;
  }

  /** For people: "worker 1 (pid 4711)". */
  get name(): string {
    return `worker ${this.task}${this.pid === null ? "" : ` (pid ${this.pid})`}`;
  }

  /** For people: how it ended, "ended by SIGSEGV". */
  get ending(): string {
    if (this.#killedFor !== null) return `${this.#killedFor} and was killed`;
    if (this.#failure !== null) return `could not be started: ${this.#failure.message}`;
    const { code = null, signal = null } = this.#end ?? {};
    return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  }

  /** Says something to it; it may be gone. */
  send(message: ParentMessage): void {
    if (this.#child?.connected !== true) return;
    // The callback takes the error of a worker that is gone, which onEnded() is told of.
    this.#child.send(message, () => {});
  }

  /** Has it finish what is in progress and end; kills it if it has not `graceMs` and a second later. */
  stop({ graceMs, isRestart }: WorkerStop): void {
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#state = "stopping";
    this.#clearTimers();
    if (this.#hasJoined) this.send({ landspout: "stop", graceMs, isRestart });
    // It does not listen yet, and serves nobody.
    else this.#child?.kill("SIGTERM");
    const why = `has not stopped within ${graceMs} ms (graceMs)`;
    this.#timers.push(setTimeout(() => this.#killFor(why), graceMs + KILL_MARGIN_MS));
  }

  /** Ends it at once. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  // Steps.

  #spawn({ task, tasks, inherit }: WorkerStart): ChildProcess | null {
    try {
      const { keys, fds } = inherit();
      const { file, args } = scriptCommand();
      const child = spawn(file, args, {
        stdio: ["inherit", "inherit", "inherit", "ipc", ...fds],
        env: workerEnvironment({ task, tasks, parentPid: process.pid, keys }),
      });
      child.on("message", (value) => this.#onMessage(value));
      child.on("exit", (code, signal) => this.#onEnd(code, signal));
      child.on("error", (error) => {
        // With a process it is about a message that found nobody.
        if (child.pid !== undefined) return;
        this.#failure = error;
        this.#onEnd(null, null);
      });
      return child;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      // Not within the constructor, whose object nobody has yet.
      setImmediate(() => this.#onEnd(null, null));
      return null;
    }
  }

  #onMessage(value: unknown): void {
    const message = workerMessage(value);
    if (message === null || this.#state === "ended") return;
    if (message.landspout === "hello") this.#hasJoined = true;
    else if (message.landspout === "pong") this.#missedCount = 0;
    else if (message.landspout === "ready") this.#becomeReady();
    else this.#listener.onMessage(this, message);
  }

  #becomeReady(): void {
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.#hasJoined = true;
    this.#readyAtMs = performance.now();
    this.#clearTimers();
    const { hangTimeoutMs } = this.#options;
    if (hangTimeoutMs > 0) {
      const everyMs = Math.max(1, Math.ceil(hangTimeoutMs / PINGS));
      this.#timers.push(setInterval(() => this.#ping(), everyMs));
    }
    this.#listener.onReady(this);
  }

  #ping(): void {
    if (this.#missedCount >= PINGS) {
      this.#killFor(`has not answered for ${this.#options.hangTimeoutMs} ms (hangTimeoutMs)`);
      return;
    }
    // One is under way at most: a worker that hangs does not read, and they would pile up.
    if (this.#missedCount === 0) this.send({ landspout: "ping", id: this.#pingId++ });
    this.#missedCount++;
  }

  #killFor(why: string): void {
    if (this.#state === "ended") return;
    this.#killedFor = why;
    if (this.#state === "stopping") log.warn(`${this.name} ${this.ending}`);
    this.kill();
  }

  #onEnd(code: number | null, signal: string | null): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#end = { code, signal };
    this.#clearTimers();
    this.#listener.onEnded(this);
  }

  #clearTimers(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
  }
}
