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

/** Waits until `condition` holds, looking again after each turn of the event loop; bounded. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  let late = false;
  const looking = (async () => {
    while (!condition() && !late) await new Promise<void>((resolve) => setImmediate(resolve));
  })();
  try {
    await within(looking, what);
  } finally {
    late = true;
  }
}
