/**
 * The end of the process: everything that serves stops in parallel, then the process ends, whatever else is open.
 *
 *     await shutdown({ graceMs: 10_000 });          // a program's own wish
 *     registerStoppable({ stop: () => pool.end() }); // the program's part in it
 *
 * HTTPServer registers itself at its first listen(), and has SIGINT and SIGTERM call shutdown() as long as it serves:
 *
 *     SIGTERM, SIGINT ──▶ shutdown ──▶ stop({}) of each, in parallel ──▶ all have settled ──▶ exit code 0
 *     SIGINT, more than a second later ──▶ stop({ graceMs: 0 }) of each ──▶ exit code 130
 *
 * A program that listens for the signal itself keeps the last word: what is registered stops, and the process is the
 * program's to end. Prefork and systemd hear of the beginning by onShutdown(). Nothing happens at import.
 */
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log, pendingLogBytes } from "../base/log.ts";
import { runLogged } from "../loop/runlogged.ts";
import { isSupervisor, isWorker } from "./role.ts";
import { onSignalOfOurs, programListens } from "./signals.ts";

/** How to stop. */
export interface ShutdownOptions {
  /** ms until what is still in progress is ended by force; 0 = at once. Default: each stoppable's own. */
  readonly graceMs?: number | undefined;
  /** Another process takes over: WebSockets are told so (1012 instead of 1001). Default false. */
  readonly isRestart?: boolean | undefined;
}

/** What has to be stopped before the process may end. */
export interface Stoppable {
  /** Settles when it has stopped, at the latest `graceMs` from now. Called again with 0 if it has to hurry. */
  stop(options: ShutdownOptions): Promise<unknown>;
  /** The grace that it takes when none is given, in ms: nobody waits for it much longer. Default 10,000. */
  readonly stopGraceMs?: number;
}

const DEFAULT_GRACE_MS = 10_000;

/** How long the last lines of the log are waited for, and how often they are looked at. */
const LOG_WAIT_MS = 500;
const LOG_STEP_MS = 5;

/** How much longer than its grace a stoppable is waited for. */
const MARGIN_MS = 2_000;

/**
 * Signals within this time are one wish to stop. Ctrl-C under npm delivers two, the terminal's, which every process in
 * the foreground gets, and the one that npm passes on; under prefork the parent passes on both.
 */
const ONE_WISH_MS = 1_000;

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

const stoppables = new Set<Stoppable>();
const listeners = new Set<(options: ShutdownOptions) => unknown>();
let signalUsers = 0;
let removeSignals: (() => void)[] = [];
let firstSignalAtMs = Number.NaN;

/** A shutdown that is under way. */
interface Running {
  readonly options: ShutdownOptions;
  /** What has been told to stop, and when it has. */
  readonly told: Map<Stoppable, Promise<void>>;
  readonly stopped: Promise<void>;
  ended: Promise<void> | null;
}

let running: Running | null = null;

/**
 * Has something stopped when the process shuts down. During a shutdown it is stopped at once.
 *
 * @returns takes it back: it has stopped, or is no longer of interest; may be called again
 * @throws CodedError ERR_ARGUMENT_TYPE if it has no stop()
 */
export function registerStoppable(stoppable: Stoppable): () => void {
  if (typeof stoppable?.stop !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `what is to be stopped is ${describe(stoppable)}; allowed is an object with stop()`,
    );
  }
  stoppables.add(stoppable);
  if (running !== null) tell(running, stoppable);
  return () => void stoppables.delete(stoppable);
}

/** Tells when a shutdown begins, once. @returns takes the callback back */
export function onShutdown(callback: (options: ShutdownOptions) => unknown): () => void {
  listeners.add(callback);
  return () => void listeners.delete(callback);
}

/** A shutdown, or the stop that a signal has begun, is under way: this process should get no more work. */
export function isShuttingDown(): boolean {
  return running !== null;
}

/**
 * Stops all that is registered, in parallel, then ends the process: code 0, or process.exitCode if that is set. What
 * does not stop within its grace is not waited for. Called again, it is the same shutdown; with `graceMs` 0 it hurries.
 *
 * @returns does not settle, unless process.exit() has been replaced
 */
export function shutdown(options: ShutdownOptions = {}): Promise<void> {
  const current = begin(options);
  current.ended ??= current.stopped.then(async () => {
    await logWritten();
    if (running === current) running = null;
    process.exit();
  });
  return current.ended;
}

/** @internal Has SIGINT and SIGTERM stop the process, for as long as anybody wishes it. @returns ends the wish */
export function stopOnSignals(): () => void {
  // Under prefork the parent says what becomes of its workers.
  if (!isMainThread || isWorker() || isSupervisor()) return () => {};
  if (signalUsers++ === 0) {
    firstSignalAtMs = Number.NaN;
    removeSignals = STOP_SIGNALS.map((signal) => onSignalOfOurs(signal, onStopSignal));
  }
  let isWished = true;
  return () => {
    if (!isWished) return;
    isWished = false;
    signalUsers--;
    releaseSignals();
  };
}

function onStopSignal(signal: NodeJS.Signals): void {
  const nowMs = performance.now();
  const isProgramsToEnd = programListens(signal);
  if (Number.isNaN(firstSignalAtMs)) firstSignalAtMs = nowMs;
  const isForced = signal === "SIGINT" && nowMs - firstSignalAtMs > ONE_WISH_MS;
  if (isProgramsToEnd) {
    const current = begin(isForced ? { graceMs: 0 } : {});
    void current.stopped.then(() => {
      if (running === current && current.ended === null) running = null;
      releaseSignals();
    });
    return;
  }
  void shutdown(isForced ? { graceMs: 0 } : {});
  if (!isForced) return;
  log.warn(`${signal} again: what is in progress is cut off`);
  process.exit(128 + constants.signals[signal]);
}

/** While a shutdown is under way our listeners stay, though the last server has stopped: a signal would kill. */
function releaseSignals(): void {
  if (signalUsers > 0 || running !== null) return;
  for (const remove of removeSignals.splice(0)) remove();
}

function begin(options: ShutdownOptions): Running {
  if (running !== null) {
    if (options.graceMs === 0) {
      for (const stoppable of running.told.keys()) void stop(stoppable, options);
    }
    return running;
  }
  const current: Running = { options, told: new Map(), stopped: settled(), ended: null };
  running = current;
  for (const listener of [...listeners]) runLogged(() => listener(options));
  for (const stoppable of stoppables) tell(current, stoppable);
  return current;

  async function settled(): Promise<void> {
    // Begun when `current` is whole; and what is told to stop may register more.
    await null;
    for (let count = -1; count !== current.told.size; ) {
      count = current.told.size;
      await Promise.all(current.told.values());
    }
    // Handlers whose clients are gone have been told so by now, and may say a last word.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Waits for lines of the log, which are not written at once; not for a reader that has stopped. */
async function logWritten(): Promise<void> {
  for (let waitedMs = 0; pendingLogBytes() > 0 && waitedMs < LOG_WAIT_MS; waitedMs += LOG_STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOG_STEP_MS));
  }
}

function tell(current: Running, stoppable: Stoppable): void {
  if (current.told.has(stoppable)) return;
  const graceMs = current.options.graceMs ?? stoppable.stopGraceMs ?? DEFAULT_GRACE_MS;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.warn(`something has not stopped within ${graceMs} ms; it is not waited for any longer`);
      resolve();
    }, graceMs + MARGIN_MS);
  });
  const stopped = Promise.race([stop(stoppable, current.options), late]);
  current.told.set(
    stoppable,
    stopped.finally(() => clearTimeout(timer)),
  );
}

/** Never rejects: one that fails must not keep the others from stopping. */
async function stop(stoppable: Stoppable, options: ShutdownOptions): Promise<void> {
  try {
    await stoppable.stop(options);
  } catch (error) {
    log.error("something could not be stopped", error);
  }
}
