/**
 * What this process is under prefork: a worker, the parent of workers, or neither. Who installs handlers of signals asks.
 */
import { worker } from "./workerenv.ts";

let supervises = false;

/** This process was started by forkProcesses() or start(n) of its parent. */
export function isWorker(): boolean {
  return worker !== null;
}

/** This process watches workers, and serves nothing itself. */
export function isSupervisor(): boolean {
  return supervises;
}

/** @internal forkProcesses() says so. */
export function becomeSupervisor(): void {
  supervises = true;
}

/**
 * The number of this worker, 0 to one less than there are; null in a process that is no worker. After Tornado's.
 *
 *     if (taskId() === 0) new PeriodicCallback(cleanUp, { everyMs: 60_000 }).start();
 */
export function taskId(): number | null {
  return worker?.task ?? null;
}
