/** A promise that a test settles from outside: the gate at which a handler under test waits. */
import { within } from "./rawclient.ts";

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Makes one. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Looks in each of so many turns of the event loop; then now and then, for another process may need the CPU. */
const BUSY_TURNS = 500;
const PAUSE_MS = 2;

/** Waits until `condition` holds, looking again after each turn of the event loop; bounded. */
export async function until(
  condition: () => boolean,
  what: string,
  deadlineMs?: number,
): Promise<void> {
  let late = false;
  const looking = (async () => {
    for (let turn = 0; !condition() && !late; turn++) {
      await new Promise<void>((resolve) => {
        if (turn < BUSY_TURNS) setImmediate(resolve);
        else setTimeout(resolve, PAUSE_MS);
      });
    }
  })();
  try {
    await within(looking, what, deadlineMs);
  } finally {
    late = true;
  }
}
