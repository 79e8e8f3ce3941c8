/**
 * Signals of the process, after libtnet's Signaler: several callbacks a signal, each with its way back.
 *
 *     const remove = onSignal("SIGHUP", () => reload());
 *
 * Node.js delivers a signal from its loop, between callbacks, so a callback may do whatever any other may. Nothing
 * happens at import: a signal is caught from its first callback to the removal of its last, and has its default effect
 * otherwise. Our one listener of process stands before those of the program, so that it still sees whether there are any.
 */
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { runLogged } from "../loop/runlogged.ts";

/** Called with the signal's name. */
export type SignalCallback = (signal: NodeJS.Signals) => unknown;

interface Watcher {
  readonly callback: SignalCallback;
  /** The framework's own, not the program's. */
  readonly isOurs: boolean;
}

interface Watch {
  readonly listener: () => void;
  readonly watchers: Set<Watcher>;
}

const watches = new Map<NodeJS.Signals, Watch>();

/** Nobody can catch these. signal(7) */
const UNCATCHABLE: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);

/**
 * Calls a function each time the process gets a signal. What it throws, or its promise rejects with, is logged.
 *
 * A program that has a callback or a listener of its own for SIGINT or SIGTERM ends the process itself; see shutdown().
 *
 * @returns takes the callback back; may be called again
 * @throws CodedError ERR_ARGUMENT_TYPE; ERR_ARGUMENT_RANGE for what is no signal, or one that cannot be caught;
 *   ERR_STATE in a worker thread, which gets none
 */
export function onSignal(signal: NodeJS.Signals, callback: SignalCallback): () => void {
  return watchSignal(signal, { callback, isOurs: false });
}

/** @internal onSignal() for the framework itself: it is no sign that the program ends the process. */
export function onSignalOfOurs(signal: NodeJS.Signals, callback: SignalCallback): () => void {
  return watchSignal(signal, { callback, isOurs: true });
}

/** @internal Has the program a listener or callback of its own for this signal? */
export function programListens(signal: NodeJS.Signals): boolean {
  const watch = watches.get(signal);
  for (const { isOurs } of watch?.watchers ?? []) {
    if (!isOurs) return true;
  }
  return process.listenerCount(signal) > (watch === undefined ? 0 : 1);
}

function watchSignal(signal: NodeJS.Signals, watcher: Watcher): () => void {
  check(signal, watcher.callback);
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = { listener: () => deliver(signal), watchers: new Set() };
    watches.set(signal, watch);
    process.prependListener(signal, watch.listener);
  }
  watch.watchers.add(watcher);
  return () => remove(signal, watcher);
}

function deliver(signal: NodeJS.Signals): void {
  for (const { callback } of [...(watches.get(signal)?.watchers ?? [])]) {
    runLogged(() => callback(signal));
  }
}

function remove(signal: NodeJS.Signals, watcher: Watcher): void {
  const watch = watches.get(signal);
  if (watch === undefined || !watch.watchers.delete(watcher) || watch.watchers.size > 0) return;
  watches.delete(signal);
  process.removeListener(signal, watch.listener);
}

function check(signal: NodeJS.Signals, callback: SignalCallback): void {
  if (typeof callback !== "function") {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the callback of a signal is ${describe(callback)}; allowed is a function`,
    );
  }
  if (!Object.hasOwn(constants.signals, signal) || UNCATCHABLE.has(signal)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the signal is ${describe(signal)}; allowed is the name of one that can be caught, such as "SIGHUP"`,
    );
  }
  if (!isMainThread) {
    throw new CodedError("ERR_STATE", "a worker thread gets no signals; use the main thread");
  }
}
