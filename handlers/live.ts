/**
 * GET /live: what the loops of all workers do, once a second, as server-sent events. A browser's EventSource reads it, and
 * comes back by itself.
 *
 *     curl -N http://127.0.0.1:8888/live
 *
 * The numbers are livefeed.ts's; here they are passed on to whoever listens, each text made once for all.
 */
import { onShutdown, RequestHandler } from "landspout";
import type { LiveFeed } from "./livefeed.ts";

const COME_BACK_MS = 2_000;

export class Live extends RequestHandler {
  #feed: LiveFeed | null = null;

  override initialize({ feed }: { feed: LiveFeed }): void {
    this.#feed = feed;
  }

  async get(): Promise<void> {
    const events = this.eventStream({ retryMs: COME_BACK_MS });
    // A client that does not keep up is disconnected; a picture of a minute ago is of no use to it.
    const leave = this.#feed?.watch((data) => void events.send({ data }).catch(() => {}));
    // Without this the server would wait for it: the response is not over.
    const forget = onShutdown(() => events.close());
    await events.closed;
    forget();
    leave?.();
  }
}
