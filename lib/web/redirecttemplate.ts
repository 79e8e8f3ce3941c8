/**
 * RedirectTemplate: an address with places for the groups of a route, and the guard that no group leads off the site.
 *
 *     new RedirectTemplate("/{1}/{0}").fill(["a", "b"], {})        // "/b/a"
 *     new RedirectTemplate("/{0}").fill(["/evil.com"], {})         // null: "//evil.com" is another host
 *     new RedirectTemplate("https://{0}.example.com/").fill(["www"], {})
 *
 * RedirectHandler has one a route. Groups come from the client, decoded; what they may not be in an address is
 * percent-encoded, so that a group stays in the part of the address where its place is: in a path "?" and "#", in a query
 * "&" and "=", everywhere controls, spaces and what is not ASCII. A slash in a path stays. Where a group could choose the
 * host, the address is refused: here before it is put together, and once more by parsing what came out.
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** The groups of a path as a handler has them; undefined where an optional one did not take part. */
export type PositionalGroups = readonly (string | undefined)[];
export type NamedGroups = Readonly<Record<string, string | undefined>>;

/** Where in the address a place is. */
type Part = "host" | "path" | "query";

interface Place {
  readonly part: Part;
  /** Number of a positional group, or name of a named one. */
  readonly group: number | string;
  /** What stands between this place and the next. */
  readonly after: string;
}

/** `{{` and `}}` are braces, `{}` counts by itself, as in Python's format(). */
const TOKEN = /\{\{|\}\}|\{(\w*)\}|[{}]/g;

/** What has an authority: a scheme and "//", or "//" alone. Backslashes are slashes to browsers. */
const AUTHORITY = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2}/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;

/** The labels of a host that a group may be. */
const LABELS = /^[A-Za-z0-9](?:[A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)?$/;

/** Stands in every place when it is asked which host the address itself names. */
const HARMLESS = "x";

/** Relative addresses are resolved against both: a group that begins with the scheme of one is caught by the other. */
const bases = ["http://landspout.invalid/a/b", "https://landspout.invalid/a/b"] as const;

export class RedirectTemplate {
  readonly #before: string;
  readonly #places: readonly Place[];
  readonly #hasHostPlace: boolean;
  readonly #origins: readonly (string | null)[];

  /**
   * @throws CodedError ERR_OPTION_RANGE for a place that is no group, a lone brace, or a place that would leave the whole
   *   host to a group
   */
  constructor(url: string) {
    const { before, places } = parse(url);
    this.#before = before;
    this.#places = places;
    this.#hasHostPlace = places.some((place) => place.part === "host");
    const harmless = this.#join(places.map(() => HARMLESS));
    this.#origins = bases.map((base) => originOf(harmless, base));
  }

  /**
   * Puts the groups in their places.
   *
   * @returns null if it would lead to another host than the address names
   * @throws CodedError ERR_ROUTE_ARGUMENTS if the route has no such group
   */
  fill(args: PositionalGroups, kwargs: NamedGroups): string | null {
    const texts: string[] = [];
    for (const place of this.#places) {
      const group = groupOf(place, args, kwargs);
      if (place.part === "host" && !LABELS.test(group)) return null;
      texts.push(place.part === "query" ? encodeQuery(group) : encodePath(group));
    }
    const url = this.#join(texts);
    return this.#staysOnSite(url) ? url : null;
  }

  // Steps.

  #join(texts: readonly string[]): string {
    let url = this.#before;
    this.#places.forEach((place, i) => {
      url += (texts[i] ?? "") + place.after;
    });
    return url;
  }

  #staysOnSite(url: string): boolean {
    if (this.#places.length === 0) return true;
    // The labels have been checked, and the literal text around them names the site.
    if (this.#hasHostPlace) return originOf(url, bases[0]) !== null;
    if (this.#origins.some((origin, i) => originOf(url, bases[i] ?? bases[0]) !== origin))
      return false;
    // Not every client resolves addresses as browsers do.
    return AUTHORITY.test(this.#before) || !(AUTHORITY.test(url) || this.#gainsScheme(url));
  }

  #gainsScheme(url: string): boolean {
    return SCHEME.test(url) && !SCHEME.test(this.#before);
  }
}

function parse(url: string): { before: string; places: Place[] } {
  const places: Place[] = [];
  let literal = "";
  let before = "";
  let soFar = "";
  let at = 0;
  let counted = 0;
  const close = () => {
    const text = encodeLiteral(literal);
    const last = places.at(-1);
    if (last === undefined) before = text;
    else places[places.length - 1] = { ...last, after: text };
    literal = "";
  };
  for (const match of url.matchAll(TOKEN)) {
    const [token, name] = match;
    const between = url.slice(at, match.index);
    literal += between;
    soFar += between;
    at = match.index + token.length;
    if (token === "{{" || token === "}}") {
      literal += token.charAt(0);
      soFar += token.charAt(0);
    } else if (name === undefined) {
      throw badTemplate(url, `it has a lone "${token}"; write it twice`);
    } else {
      close();
      const part = partOf(soFar);
      if (part === "host") checkHostPlace(url, url.slice(at));
      places.push({ part, group: groupName(name, counted), after: "" });
      if (name === "") counted++;
      soFar += HARMLESS;
    }
  }
  literal += url.slice(at);
  close();
  return { before, places };
}

function groupName(name: string, counted: number): number | string {
  if (name === "") return counted;
  return /^\d+$/.test(name) ? Number(name) : name;
}

/** In which part of an address one is that has come so far. */
function partOf(soFar: string): Part {
  if (/[?#]/.test(soFar)) return "query";
  const authority = AUTHORITY.exec(soFar);
  if (authority === null) return "path";
  return /[/\\]/.test(soFar.slice(authority[0].length)) ? "path" : "host";
}

/** A group may choose a name below a domain that is written out, and nothing else of a host. */
function checkHostPlace(url: string, after: string): void {
  const host = after.split(/[/\\?#:]/, 1)[0] ?? "";
  if (/^\.(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*$/.test(host)) return;
  throw badTemplate(
    url,
    "a group would choose the host; write out its domain, as in https://{0}.example.com/, or answer with a handler of " +
      "your own that checks the host",
  );
}

function groupOf(place: Place, args: PositionalGroups, kwargs: NamedGroups): string {
  const { group } = place;
  const isThere = typeof group === "number" ? group < args.length : Object.hasOwn(kwargs, group);
  if (!isThere) {
    throw new CodedError(
      "ERR_ROUTE_ARGUMENTS",
      `the url of a RedirectHandler has a place for the group ${describe(group)}, which its route has not`,
    );
  }
  return (typeof group === "number" ? args[group] : kwargs[group]) ?? "";
}

/** The address's origin; null if it has none that could be told from another. */
function originOf(url: string, base: string): string | null {
  try {
    const { origin, protocol } = new URL(url, base);
    return origin === "null" ? protocol : origin;
  } catch {
    return null;
  }
}

/** What may stand in a path as it is: RFC 3986 §3.3, and "/". "%" does not: the group is decoded. */
function encodePath(text: string): string {
  return encoded(text, /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu);
}

/** As encodePath(), without what separates arguments, and without "+", which is a space there. */
function encodeQuery(text: string): string {
  return encoded(text, /[^A-Za-z0-9\-._~!$'()*,:@/?]/gu);
}

/** What the application has written: only what no field could have. */
function encodeLiteral(text: string): string {
  return encoded(text, /[^\x21-\x7e]/gu);
}

function encoded(text: string, what: RegExp): string {
  return text.replace(what, (character) => {
    let bytes = "";
    for (const byte of Buffer.from(character, "utf8")) {
      bytes += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return bytes;
  });
}

function badTemplate(url: string, why: string): CodedError {
  return new CodedError("ERR_OPTION_RANGE", `the url ${quote(url)} of a RedirectHandler: ${why}`);
}
