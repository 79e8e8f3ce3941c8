/**
 * HTTPServerRequest: what a client asked for, as a value.
 *
 * The server floor makes one per request that a handler sees; RequestHandler offers it as
 * `this.request`. It knows no socket, and making it assigns fields and nothing else: the path is
 * split, arguments and cookies are parsed, the body's form is read when first asked for, and what
 * nobody asks for costs nothing.
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";
import { parseCookies } from "./cookies.ts";
import { type Arguments, parseQuery, parseUrlEncoded } from "./forms.ts";
import type { HTTPHeaders } from "./httpheaders.ts";
import { parseTarget, splitHost } from "./requesttarget.ts";

/** The versions that are served. */
export type HTTPVersion = "HTTP/1.1" | "HTTP/1.0";

/**
 * What a request knows of the connection it came on; the server floor gives it. Read when asked
 * for, not before.
 */
export interface RequestContext {
  /** The client's address; "0.0.0.0" on a Unix socket, as in Tornado. */
  readonly remoteIp: string;
  readonly protocol: "http" | "https";
  /** The time in ms on the clock of `startTime`; without it that clock is `performance.now()`. */
  readonly nowMs?: () => number;
}

/** What a request is made of; kept by the request, and read when asked for. */
export interface HTTPServerRequestInit {
  /** A token, in the case it was sent in. */
  readonly method: string;
  /** The request target as it was sent: latin1, judged by parseTarget. */
  readonly uri: string;
  readonly version: HTTPVersion;
  readonly headers: HTTPHeaders;
  /** Whole, decoded from its transfer coding; of length 0 if there is none. */
  readonly body: Buffer;
  readonly context: RequestContext;
  /** When the head was complete, in ms on the clock of `context.nowMs`. */
  readonly startTime: number;
}

/** A file of a multipart form. */
export interface HTTPFile {
  /** As the client named it: never to be used as a path. */
  readonly filename: string;
  readonly body: Buffer;
  /** "application/unknown" if the client said nothing. */
  readonly contentType: string;
}

/** Files by the name of their field. */
export type HTTPFiles = ReadonlyMap<string, readonly HTTPFile[]>;

const FORM = "application/x-www-form-urlencoded";
const SLASH = 0x2f;

const noFiles: HTTPFiles = new Map();

/**
 * One request. Everything it says is what the client said: nothing here is to be trusted, only well
 * formed.
 */
export class HTTPServerRequest {
  readonly #init: HTTPServerRequestInit;
  #queryArguments: Arguments | null = null;
  #bodyArguments: Arguments | null = null;
  #arguments: Arguments | null = null;
  #cookies: ReadonlyMap<string, string> | null = null;

  /** @param init kept, not copied; its values must not change any more */
  constructor(init: HTTPServerRequestInit) {
    this.#init = init;
  }

  // The request line.

  /** The method in the case it was sent in: "GET". */
  get method(): string {
    return this.#init.method;
  }

  /**
   * The request target as it was sent, still percent-encoded: "/a%20b?c=d", "http://host/a", "*".
   */
  get uri(): string {
    return this.#init.uri;
  }

  /** The path, still percent-encoded, without the query; "*" for the asterisk form. */
  get path(): string {
    const uri = this.#init.uri;
    if (uri.charCodeAt(0) !== SLASH) return parseTarget(this.#init.method, uri).path;
    const mark = uri.indexOf("?");
    return mark === -1 ? uri : uri.slice(0, mark);
  }

  /** What stands after the first "?", still percent-encoded; "" if nothing does. */
  get query(): string {
    const uri = this.#init.uri;
    if (uri.charCodeAt(0) !== SLASH) return parseTarget(this.#init.method, uri).query;
    const mark = uri.indexOf("?");
    return mark === -1 ? "" : uri.slice(mark + 1);
  }

  get version(): HTTPVersion {
    return this.#init.version;
  }

  // Fields and body.

  get headers(): HTTPHeaders {
    return this.#init.headers;
  }

  /** The body's bytes; of length 0 if there is no body. */
  get body(): Buffer {
    return this.#init.body;
  }

  /** The client's address; "0.0.0.0" on a Unix socket. */
  get remoteIp(): string {
    return this.#init.context.remoteIp;
  }

  get protocol(): "http" | "https" {
    return this.#init.context.protocol;
  }

  /**
   * The host that is asked, with its port if one was given: of the absolute form, else of the Host
   * field, else (HTTP/1.0 alone may leave it out) "127.0.0.1".
   * @see RFC 9112 §3.2.2
   */
  get host(): string {
    const { method, uri, headers } = this.#init;
    const authority = uri.charCodeAt(0) === SLASH ? null : parseTarget(method, uri).authority;
    return authority ?? (headers.get("host") || "127.0.0.1");
  }

  /** The host in lower case, without its port: "example.com", "[::1]". */
  get hostName(): string {
    return splitHost(this.host).hostName.toLowerCase();
  }

  /** Cookies by name; values are latin1, unquoted. @see parseCookies for which cookies count */
  get cookies(): ReadonlyMap<string, string> {
    // A client may split the field over several lines; then ";" stands between them. RFC 9113
    // §8.2.3
    this.#cookies ??= parseCookies(this.#init.headers.getList("cookie").join(";"));
    return this.#cookies;
  }

  // Arguments: names as text, values as latin1 texts of the bytes sent; RequestHandler.getArgument
  // decodes them.

  /**
   * Arguments of the query and of the form in the body, by name; those of the query come first.
   *
   * @throws HTTPInputError as queryArguments and bodyArguments do
   */
  get arguments(): Arguments {
    this.#arguments ??= merged(this.queryArguments, this.bodyArguments);
    return this.#arguments;
  }

  /** Arguments of the query. @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over 1000 */
  get queryArguments(): Arguments {
    this.#queryArguments ??= parseQuery(this.query);
    return this.#queryArguments;
  }

  /**
   * Arguments of the form in the body; none if its Content-Type is not
   * application/x-www-form-urlencoded.
   *
   * @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over 1000; 400 ERR_HTTP_FORM_ENCODING if
   *   the form has a Content-Encoding
   */
  get bodyArguments(): Arguments {
    this.#bodyArguments ??= this.#parseForm();
    return this.#bodyArguments;
  }

  /** Files of a multipart form, by the name of their field. */
  get files(): HTTPFiles {
    return noFiles;
  }

  // Verbs.

  /** The URL the client asked for, put together from protocol, host, path and query. */
  fullUrl(): string {
    const { path, query } = this;
    const origin = `${this.protocol}://${this.host}`;
    if (path === "*") return origin;
    return this.uri.includes("?") ? `${origin}${path}?${query}` : origin + path;
  }

  /** How long ago the head was complete, in ms. */
  requestTime(): number {
    const { context, startTime } = this.#init;
    return (context.nowMs?.() ?? performance.now()) - startTime;
  }

  #parseForm(): Arguments {
    const { headers, body } = this.#init;
    const found = new Map<string, string[]>();
    if (body.length === 0 || !headers.get("content-type")?.toLowerCase().startsWith(FORM))
      return found;
    const encoding = headers.get("content-encoding");
    if (encoding !== null) {
      throw new HTTPInputError(
        400,
        "ERR_HTTP_FORM_ENCODING",
        `the form has Content-Encoding ${quote(encoding)}; only forms without one are read`,
      );
    }
    parseUrlEncoded(body, found);
    return found;
  }
}

function merged(first: Arguments, second: Arguments): Arguments {
  if (second.size === 0) return first;
  const all = new Map(first);
  for (const [name, values] of second) all.set(name, [...(first.get(name) ?? []), ...values]);
  return all;
}
