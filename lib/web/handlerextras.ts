/**
 * HandlerExtras: what only some requests need of their handler: cookies to be set, the user, the locale, and so on.
 *
 * ResponseWriter makes one when it is first asked for; most requests have none. Each field belongs to the class of the
 * handler chain that its comment names, which alone reads and writes it; null = not asked for yet.
 */
import { log } from "../base/log.ts";

/** What belongs to a request and must be released when it is over: temporary files, say. */
export interface Releasable {
  release(): void;
}

export class HandlerExtras {
  /** CookieHandler: Set-Cookie lines by the cookie's name, in the order they were set. */
  cookies: Map<string, string> | null = null;
  /** CookieHandler: currentUser, in a box since null is a user nobody is. */
  user: { readonly value: unknown } | null = null;
  /** CookieHandler: the XSRF token as the page is to send it. */
  xsrfToken: string | null = null;
  /** PageHandler: the locale of the request. */
  locale: object | null = null;
  /** PageHandler: UI modules and what they add to the page. */
  ui: object | null = null;
  /** RequestHandler: what `signal` belongs to. */
  abort: AbortController | null = null;
  /** UpgradedResponse: the id of the request, if it had one when it was upgraded. */
  requestId: string | null = null;
  /** ResponseHandler: an asynchronous writeError() is at work. */
  isErring = false;
  /** The life cycle: what is released after the response, or with the connection. */
  readonly releases: Releasable[] = [];

  /** The request is over. */
  release(): void {
    for (const held of this.releases.splice(0)) {
      try {
        held.release();
      } catch (error) {
        log.error("Uncaught exception while what a request held was released", error);
      }
    }
  }
}
