/**
 * GET /slow?ms=250: answers after a while, as a handler does that waits for a database.
 *
 * The loop goes on serving others meanwhile. A client that goes away ends the wait, so that nothing is kept for it; one
 * that has only half-closed its connection still reads, and gets its answer early.
 */
import { HTTPError, RequestHandler } from "landspout";

const DEFAULT_MS = "1000";
const LONGEST_MS = 10_000;

export class Slow extends RequestHandler {
  #endWait: () => void = () => {};

  async get(): Promise<void> {
    const askedMs = this.#askedMs();
    const startedAtMs = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, askedMs);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.write({ askedMs, waitedMs: Math.round(performance.now() - startedAtMs) });
  }

  override onConnectionClose(): void {
    this.#endWait();
  }

  #askedMs(): number {
    const text = this.getArgument("ms", DEFAULT_MS);
    const ms = Number(text);
    if (!/^\d{1,5}$/.test(text) || ms > LONGEST_MS) {
      const reason = `ms must be an integer from 0 to ${LONGEST_MS}`;
      throw new HTTPError(400, reason, { reason });
    }
    return ms;
  }
}
