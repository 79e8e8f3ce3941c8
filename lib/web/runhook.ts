/**
 * Promises of hooks that nobody waits for: onFinish(), logException() and their like may be async functions all the same.
 *
 * A rejection of theirs is logged; unhandled, it would end the process.
 */
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";

/**
 * Logs what a hook throws, now or, if it is asynchronous, later.
 *
 * @param where names the hook and the request
 */
export function runHook(hook: () => unknown, where: () => string): void {
  const failed = (error: unknown) => log.error(`Uncaught exception in ${where()}`, error);
  try {
    const result = hook();
    if (isPromise(result)) result.then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
