/** Running a callback of the user's, whose errors must not reach the loop. IOLoop and Timeouts do. */
import { log } from "../base/log.ts";

/** Runs a callback of the user's; its errors, sync and async, are logged and go no further. */
export function runLogged(callback: () => unknown): void {
  try {
    const result = callback();
    if (result instanceof Promise) {
      result.catch((error: unknown) => log.error("Exception in callback", error));
    }
  } catch (error) {
    log.error("Exception in callback", error);
  }
}
