/** InjectedResponse: an answer as inject() hands it over, and the cookies in it. */
import { CodedError } from "../base/errors.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import type { ResponseHead } from "../http/responsehead.ts";

/** One Set-Cookie field. */
export interface InjectedCookie {
  readonly name: string;
  /** As it was sent. */
  readonly value: string;
  /** By name in lower case, as "max-age"; one without a value has "". */
  readonly attributes: ReadonlyMap<string, string>;
}

/** An answer without its body. */
export class InjectedHead {
  /** 200, 404, … */
  readonly statusCode: number;
  /** The reason phrase; "" = none. */
  readonly reason: string;
  readonly headers: HTTPHeaders;
  /** Answers of 1xx that came before, in order. */
  readonly interim: readonly InjectedHead[];

  /** @internal inject() makes them. */
  constructor({ startLine, headers }: ResponseHead, interim: readonly InjectedHead[]) {
    this.statusCode = startLine.code;
    this.reason = startLine.reason;
    this.headers = headers;
    this.interim = interim;
  }

  /** What Set-Cookie fields set, by name; the last of a name counts. May be given to the next request. */
  get cookies(): Map<string, InjectedCookie> {
    const cookies = new Map<string, InjectedCookie>();
    for (const field of this.headers.getList("Set-Cookie")) {
      const cookie = cookieOf(field);
      cookies.set(cookie.name, cookie);
    }
    return cookies;
  }
}

/** What a body is made of. */
export interface InjectedBody {
  readonly body: Buffer;
  readonly trailers: HTTPHeaders;
}

export class InjectedResponse extends InjectedHead {
  /** Without its framing; compressed if the answer says so. */
  readonly body: Buffer;
  /** Fields that came behind the body. */
  readonly trailers: HTTPHeaders;
  readonly #request: string;

  /** @internal inject() makes them. */
  constructor(
    request: string,
    head: ResponseHead,
    interim: readonly InjectedHead[],
    { body, trailers }: InjectedBody,
  ) {
    super(head, interim);
    this.#request = request;
    this.body = body;
    this.trailers = trailers;
  }

  /** The body as UTF-8. */
  text(): string {
    return this.body.toString("utf8");
  }

  /**
   * The body as JSON.
   *
   * @throws CodedError ERR_HTTP_JSON if it is none; the message has its beginning
   */
  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (cause) {
      const text = this.text();
      const begins = text.length > 200 ? `${text.slice(0, 200)}…` : text;
      throw new CodedError(
        "ERR_HTTP_JSON",
        `the answer to ${this.#request} is ${this.statusCode} with no JSON: ${JSON.stringify(begins)}`,
        { cause },
      );
    }
  }
}

function cookieOf(field: string): InjectedCookie {
  const [pair = "", ...rest] = field.split(";");
  const attributes = new Map<string, string>();
  for (const part of rest) {
    const [name, value] = split(part);
    attributes.set(name.toLowerCase(), value);
  }
  const [name, value] = split(pair);
  return { name, value, attributes };
}

function split(part: string): [name: string, value: string] {
  const equals = part.indexOf("=");
  if (equals === -1) return [part.trim(), ""];
  return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
}
