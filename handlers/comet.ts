/**
 * GET and POST /comet: a long poll, after libtnet's comet example. A GET waits until somebody posts; a POST answers all
 * that wait.
 *
 *     curl http://127.0.0.1:8888/comet                   waits
 *     curl -d 'text=hello' http://127.0.0.1:8888/comet   wakes it
 *
 * A client that asks again says with `after` which post it saw last, so that it misses none in between. What waits costs a
 * connection and this object: no thread, and no timer but one that ends the wait before a proxy would.
 */
import { HTTPError, IOLoop, onShutdown, RequestHandler } from "landspout";
import { type Post, posts } from "./posts.ts";

/** After this a waiting request is told to ask again: proxies often give up after 30 or 60 s. */
const LONGEST_WAIT_MS = 25_000;

/** Most characters of a post. */
const LONGEST_TEXT = 200;

export class Comet extends RequestHandler {
  #endWait: (post: Post | null) => void = () => {};

  async get(): Promise<void> {
    this.setHeader("Cache-Control", "no-store");
    const after = this.getQueryArgument("after", null);
    const post = posts.after(after) ?? (await this.#wait());
    if (post === null) this.setStatus(204);
    else this.write({ ...post });
  }

  post(): void {
    const text = this.getBodyArgument("text").trim();
    if (text === "" || text.length > LONGEST_TEXT) {
      throw new HTTPError(400, null, { reason: `text must have 1 to ${LONGEST_TEXT} characters` });
    }
    const { id, wokenCount } = posts.add(text);
    this.setStatus(201);
    this.write({ id, wokenCount });
  }

  /** It changes nothing that is somebody's, and curl is to be able to post: no token is asked for. */
  override checkXsrfCookie(): void {}

  override onConnectionClose(): void {
    this.#endWait(null);
  }

  #wait(): Promise<Post | null> {
    return new Promise((resolve) => {
      const loop = IOLoop.current();
      const forget = posts.onNext((post) => this.#endWait(post));
      const timeout = loop.callLater({ delayMs: LONGEST_WAIT_MS }, () => this.#endWait(null));
      const stay = onShutdown(() => this.#endWait(null));
      this.#endWait = (post) => {
        forget();
        stay();
        loop.removeTimeout(timeout);
        resolve(post);
      };
    });
  }
}
