/** The matcher of virtual hosts; Application.addHandlers puts its rules behind one. */
import { Matcher } from "./matcher.ts";
import { anchored, translatePattern } from "./routepattern.ts";
import type { MatchedParams, RoutedRequest } from "./routing.ts";

const NOTHING_CAPTURED: MatchedParams = Object.freeze({});

/**
 * Matches requests by their host, without port and whatever its case.
 *
 *     new HostMatches("www\\.example\\.com");
 *     new HostMatches(/(.*\.)?example\.com/);
 */
export class HostMatches extends Matcher {
  /** Anchored at both ends. */
  readonly hostPattern: RegExp;

  /**
   * @param pattern regular expression of the whole host name; mind that an unescaped dot is any character
   * @throws CodedError ERR_ROUTE_PATTERN if it does not compile
   */
  constructor(pattern: string | RegExp) {
    super();
    const { source, flags } =
      typeof pattern === "string"
        ? translatePattern(pattern, { segments: "literal" })
        : { source: pattern.source, flags: pattern.flags };
    // Hosts know no case (RFC 9110 §4.2.3), so neither does a pattern.
    this.hostPattern = anchored(source, `${flags}i`, pattern);
  }

  override match(request: RoutedRequest): MatchedParams | null {
    return this.hostPattern.test(request.hostName) ? NOTHING_CAPTURED : null;
  }
}
