/** The matcher behind which Application repeats the rules of a virtual host for its `defaultHost`. */
import { Matcher } from "./matcher.ts";
import type { MatchedParams, RoutedRequest } from "./routing.ts";

const NOTHING_CAPTURED: MatchedParams = Object.freeze({});

/** Who knows the default host; asked per request, so that it may change. */
export interface DefaultHostOwner {
  /** Lower case, without port; null where there is none. */
  readonly defaultHost: string | null;
}

/**
 * Matches every request if the default host fits the pattern: for use without a proxy, by IP address say.
 *
 * A request that a proxy forwarded (it has an X-Real-Ip field) is never matched: there the Host field is to be believed.
 */
export class DefaultHostMatches extends Matcher {
  readonly #owner: DefaultHostOwner;
  readonly hostPattern: RegExp;

  /** @param hostPattern anchored at both ends, as HostMatches.hostPattern is */
  constructor(owner: DefaultHostOwner, hostPattern: RegExp) {
    super();
    this.#owner = owner;
    this.hostPattern = hostPattern;
  }

  override match(request: RoutedRequest): MatchedParams | null {
    const host = this.#owner.defaultHost;
    if (host === null || request.headers.has("x-real-ip")) return null;
    return this.hostPattern.test(host) ? NOTHING_CAPTURED : null;
  }
}
