/**
 * HTTPServerRequest: what a client asked for, as a value.
 *
 * The server floor makes one per request that a handler sees; RequestHandler offers it as
 * `this.request`. It knows no socket, and making it assigns fields and nothing else: the path is
 * split, arguments and cookies are parsed, the body's form is read when first asked for, and what
 * nobody asks for costs nothing.
 */
import { CodedError, type ErrorCode, HTTPInputError } from "../base/errors.ts";
import { parseBodyConfig } from "./bodyconfig.ts";
import { parseBodyArguments } from "./bodyparsing.ts";
import { parseCookies } from "./cookies.ts";
import { type Arguments, parseQuery } from "./forms.ts";
import type { HTTPConnection } from "./httpconnection.ts";
import type { HTTPHeaders } from "./httpheaders.ts";
import { parseJson } from "./jsonbody.ts";
import type { HTTPFile, HTTPFiles, ParsedForm } from "./multipartfile.ts";
import { requestId } from "./requestid.ts";
import { parseTarget, splitHost } from "./requesttarget.ts";

export type { HTTPFile, HTTPFiles } from "./multipartfile.ts";

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
  /** Whether fields of the request are believed, because a proxy sets them (option xheaders). */
  readonly isForwarded?: boolean;
  /** The request's id, if it is known already. */
  readonly requestId?: string | null;
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
  /** How long `body` is, and the same bytes for who keeps nothing of them: `body` may have to be copied first. */
  readonly bodyBytes?: number;
  readonly passingBody?: Buffer;
  readonly context: RequestContext;
  /** When the head was complete, in ms on the clock of `context.nowMs`. */
  readonly startTime: number;
  /** The form, if the body was parsed while it arrived; `body` is then of length 0. */
  readonly form?: ParsedForm | null;
}

const SLASH = 0x2f;

const noForm: ParsedForm = { arguments: new Map(), files: new Map() };

/** What #json is before anybody has asked. */
const NOT_PARSED: unique symbol = Symbol("not parsed");

/**
 * One request. Everything it says is what the client said: nothing here is to be trusted, only well
 * formed.
 */
export class HTTPServerRequest {
  readonly #init: HTTPServerRequestInit;
  #queryArguments: Arguments | null = null;
  #form: ParsedForm | null = null;
  #json: unknown = NOT_PARSED;
  #arguments: Arguments | null = null;
  #cookies: ReadonlyMap<string, string> | null = null;
  #connection: HTTPConnection | null = null;

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

  /**
   * Where a function or a delegate answers; the server floor sets it for those.
   *
   * @throws CodedError ERR_STATE in a RequestHandler, which has its own methods to answer by
   */
  get connection(): HTTPConnection {
    if (this.#connection !== null) return this.#connection;
    throw new CodedError(
      "ERR_STATE",
      "request.connection is there for functions that answer requests; a RequestHandler answers by write() and finish(), and signal.aborted tells whether its client has gone",
    );
  }

  set connection(connection: HTTPConnection) {
    this.#connection = connection;
  }

  /** The client's address; "0.0.0.0" on a Unix socket. */
  get remoteIp(): string {
    return this.#init.context.remoteIp;
  }

  /**
   * A name for this request in logs: X-Request-Id of a trusted proxy (option xheaders) if it is 1 to 128 letters, digits and
   * `._:~+/=@-`, else a random UUID. Made when it is first asked for.
   */
  get id(): string {
    const { context } = this.#init;
    return context.requestId ?? requestId(this, context.isForwarded === true);
  }

  /**
   * The media type of the body, in lower case and without parameters: "application/json"; "" if the
   * client said nothing.
   */
  get mediaType(): string {
    const contentType = this.#init.headers.get("content-type");
    if (contentType === null || contentType === "application/json") return contentType ?? "";
    const end = contentType.indexOf(";");
    return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
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

  /**
   * Arguments of the query.
   *
   * @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over 1000, or what setParseBodyConfig set
   */
  get queryArguments(): Arguments {
    this.#queryArguments ??= parseQuery(this.query, parseBodyConfig().urlencoded.maxArguments);
    return this.#queryArguments;
  }

  /**
   * Arguments of the form in the body; none if its Content-Type begins with neither
   * application/x-www-form-urlencoded nor multipart/form-data.
   *
   * @throws HTTPInputError as parseBody()
   */
  get bodyArguments(): Arguments {
    return this.#parsedForm().arguments;
  }

  /**
   * Files of a multipart form, by the name of their field.
   *
   * @throws HTTPInputError as parseBody()
   */
  get files(): HTTPFiles {
    return this.#parsedForm().files;
  }

  // Verbs.

  /**
   * Parses the form in the body, if there is one and nobody has asked yet; RequestHandler does it
   * before prepare(), so that a malformed form is answered by writeError(). A form that is refused
   * has no arguments and no files from then on.
   *
   * @throws HTTPInputError 400 ERR_HTTP_TOO_MANY_ARGUMENTS over 1000; 400 ERR_HTTP_FORM_ENCODING if
   *   the form has a Content-Encoding; as parseMultipart() for a multipart form
   */
  parseBody(): void {
    this.#parsedForm();
  }

  /**
   * The body as JSON, whatever its Content-Type; parsed once.
   *
   * @throws HTTPInputError 400 ERR_HTTP_JSON if it is malformed, is not UTF-8, is nested more than 1000
   *   deep (or what setParseBodyConfig set), or has a property `__proto__`
   */
  json(): unknown {
    if (this.#json === NOT_PARSED) {
      this.#json = parseJson(
        this.#init.passingBody ?? this.#init.body,
        parseBodyConfig().json.maxDepth,
      );
    }
    return this.#json;
  }

  /** The URL the client asked for, put together from protocol, host, path and query. */
  fullUrl(): string {
    const { path, query } = this;
    const origin = `${this.protocol}://${this.host}`;
    if (path === "*") return origin;
    return this.uri.includes("?") ? `${origin}${path}?${query}` : origin + path;
  }

  /** @internal json() was asked for, and has succeeded. */
  get hasJson(): boolean {
    return this.#json !== NOT_PARSED;
  }

  /** How long ago the head was complete, in ms. */
  requestTime(): number {
    const { context, startTime } = this.#init;
    return (context.nowMs?.() ?? performance.now()) - startTime;
  }

  // Steps.

  #parsedForm(): ParsedForm {
    if (this.#form !== null) return this.#form;
    // Set first: who answers the error may ask for arguments again.
    this.#form = noForm;
    this.#form = this.#init.form ?? this.#parseForm();
    return this.#form;
  }

  #parseForm(): ParsedForm {
    const { headers } = this.#init;
    const bytes = this.#init.bodyBytes ?? this.#init.body.length;
    const contentType = bytes === 0 ? null : headers.get("content-type");
    // A JSON body is the most common one, and neither of these.
    if (contentType === null || contentType === "application/json") return noForm;
    const form = { arguments: new Map<string, string[]>(), files: new Map<string, HTTPFile[]>() };
    try {
      parseBodyArguments(contentType, this.#init.body, form.arguments, form.files, headers);
      return form;
    } catch (cause) {
      if (!(cause instanceof HTTPInputError)) throw cause;
      const { status, code, message } = cause;
      throw new HTTPInputError(status, code as ErrorCode, `Invalid body: ${message}`, { cause });
    }
  }
}

function merged(first: Arguments, second: Arguments): Arguments {
  if (second.size === 0) return first;
  const all = new Map(first);
  for (const [name, values] of second) all.set(name, [...(first.get(name) ?? []), ...values]);
  return all;
}
