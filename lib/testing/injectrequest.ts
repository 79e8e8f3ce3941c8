/**
 * A request as a test describes it, and the bytes that a client would send for it. inject() calls requestOf().
 */
import { isToken } from "../base/bytes.ts";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import {
  custom,
  type Input,
  integer,
  options,
  type Resolved,
  resolve,
  string,
} from "../base/options.ts";
import { isPromise } from "../base/promises.ts";
import { type HeaderPairs, HTTPHeaders } from "../http/httpheaders.ts";
import { type URLArguments, urlConcat } from "../http/urlconcat.ts";
import { LOCAL_IP } from "./memoryserver.ts";

/**
 * What a body may be: text, bytes, a form; an async iterable, whose pieces are sent as chunks; any other object or array is
 * sent as JSON.
 */
export type InjectBody =
  | string
  | Uint8Array
  | ArrayBuffer
  | URLSearchParams
  | FormData
  | Blob
  | AsyncIterable<string | Uint8Array>
  | object;

/** Cookies to send; those of a response may be given as they are. */
export type RequestCookies =
  | Readonly<Record<string, string>>
  | ReadonlyMap<string, string | { readonly value: string }>;

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;

export const injectRequestOptions = options({
  /** null = GET, or POST if there is a body. */
  method: string({ default: null }),
  /** The request target: "/path?query"; or a whole URL, whose host becomes the field Host. Spaces and characters outside ASCII are escaped. */
  path: string({ default: null }),
  /** The same, under its other name; a URL object will do. */
  url: custom<string | URL | null>({
    type: "string or URL",
    default: null,
    allowed: "a string or a URL",
    isAllowed: (value) => value === null || typeof value === "string" || value instanceof URL,
  }),
  /** Arguments to add to the query: an object, or pairs. */
  query: custom<URLArguments | null>({
    type: "arguments",
    default: null,
    allowed: "an object of strings and numbers, or pairs",
    isAllowed: (value) => value === null || isObject(value),
  }),
  /** Fields of the request: HTTPHeaders, pairs, or an object. They replace those that are sent otherwise. */
  headers: custom<HeaderPairs | null>({
    type: "headers",
    default: null,
    allowed: "HTTPHeaders, pairs of names and values, or an object of strings",
    isAllowed: (value) => value === null || isObject(value),
  }),
  /** Cookies by name; they become one field Cookie. */
  cookies: custom<RequestCookies | null>({
    type: "cookies",
    default: null,
    allowed: "an object of strings, or the cookies of a response",
    isAllowed: (value) => value === null || isObject(value),
  }),
  /** The body; null = none. */
  body: custom<InjectBody | null>({
    type: "body",
    default: null,
    allowed:
      "a string, bytes, URLSearchParams, FormData, a Blob, an async iterable, or an object for JSON",
    isAllowed: (value) => value === null || typeof value === "string" || isObject(value),
  }),
  /** The address that the request is said to come from. */
  remoteIp: string({ default: LOCAL_IP }),
  /** Time for the whole of the answer, in ms. Over it: ERR_INJECT_TIMEOUT. */
  timeoutMs: integer({ default: 5_000, min: 1, max: 3_600_000 }),
});

/** What to ask. */
export type InjectRequest = Input<typeof injectRequestOptions>;
type ResolvedInjectRequest = Resolved<typeof injectRequestOptions>;

/** A request as it is sent. */
export interface OutgoingRequest {
  readonly method: string;
  /** "GET /path", for messages. */
  readonly name: string;
  /** With the empty line. */
  readonly head: Buffer;
  /** null = it is sent in chunks. */
  readonly body: Buffer | null;
  readonly pieces: AsyncIterable<string | Uint8Array> | null;
  /** The body waits for 100 Continue. */
  readonly expectsContinue: boolean;
  readonly remoteIp: string;
  readonly timeoutMs: number;
}

const noBytes = Buffer.alloc(0);

/** Methods whose requests say that they have no body. RFC 9110 §8.6. */
const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/**
 * Makes the bytes of a request.
 *
 * @param given a path, a URL, or a description
 * @throws CodedError ERR_ARGUMENT_TYPE, ERR_ARGUMENT_RANGE, ERR_UNKNOWN_OPTION, …; HTTPInputError for a field that none may
 *   be. What is to be malformed is sent over injectConnection()
 */
export async function requestOf(given: string | URL | InjectRequest): Promise<OutgoingRequest> {
  const isPlace = typeof given === "string" || given instanceof URL;
  const request = resolve("inject()", injectRequestOptions, isPlace ? { url: given } : given);
  const { target, host } = placeOf(request);
  const { body: asked, remoteIp, timeoutMs } = request;
  const method = request.method ?? (asked === null ? "GET" : "POST");
  if (!isToken(method)) {
    throw new CodedError("ERR_ARGUMENT_RANGE", `the method ${quote(method)} is no token`);
  }
  const headers = new HTTPHeaders({ Host: host });
  const { body, pieces, type } = await bodyOf(asked);
  if (type !== null) headers.set("Content-Type", type);
  if (request.cookies !== null) {
    const cookies = [...cookiesOf(request.cookies)];
    if (cookies.length > 0) headers.set("Cookie", cookies.join("; "));
  }
  replace(headers, request.headers ?? {});
  const isFramed = headers.has("Content-Length") || headers.has("Transfer-Encoding");
  if (pieces !== null) {
    headers.delete("Content-Length");
    headers.set("Transfer-Encoding", "chunked");
  } else if (!isFramed && (asked !== null || BODY_METHODS.has(method))) {
    headers.set("Content-Length", String(body.length));
  }
  const expectsContinue = /^100-continue$/i.test(headers.get("Expect") ?? "");
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers}\r\n`, "latin1");
  const name = `${method} ${target}`;
  return {
    method,
    name,
    head,
    body: pieces === null ? body : null,
    pieces,
    expectsContinue,
    remoteIp,
    timeoutMs,
  };
}

/** Puts fields in the place of those of their names. */
function replace(headers: HTTPHeaders, given: HeaderPairs): void {
  const more = new HTTPHeaders(given);
  for (const name of more.names()) headers.delete(name);
  for (const [name, value] of more.getAll()) headers.add(name, value);
}

function placeOf({ path, url, query }: ResolvedInjectRequest): { target: string; host: string } {
  if ((path === null) === (url === null)) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `inject() was given ${path === null ? "no path" : "both path and url"}; give one of them, "/path" for example`,
    );
  }
  const place = path ?? url ?? "";
  const whole = wholeUrlOf(place);
  let target = whole === null ? String(place) : whole.pathname + whole.search;
  if (whole === null && !/^\/|^\*$/.test(target)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the path is ${describe(target)}; allowed are a path that begins with "/", "*", and a URL of http:`,
    );
  }
  target = escaped(urlConcat(target, query));
  return { target, host: whole === null ? LOCAL_IP : whole.host };
}

function wholeUrlOf(place: string | URL): URL | null {
  if (place instanceof URL) return place;
  return /^https?:\/\//i.test(place) && URL.canParse(place) ? new URL(place) : null;
}

/** What no request line may have, as UTF-8 and percent signs. */
function escaped(target: string): string {
  return target.replace(/[^\x21-\x7e]+/gu, (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

function* cookiesOf(cookies: RequestCookies): Generator<string> {
  const entries = cookies instanceof Map ? cookies.entries() : Object.entries(cookies);
  for (const [name, given] of entries) {
    const value: unknown = isObject(given) ? (given as { value: unknown }).value : given;
    if (typeof value === "string") yield `${name}=${value}`;
    else {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `the cookie ${quote(String(name))} is ${describe(value)}; allowed is a string`,
      );
    }
  }
}

interface MadeBody {
  readonly body: Buffer;
  readonly pieces: AsyncIterable<string | Uint8Array> | null;
  readonly type: string | null;
}

/** As fetch() does it, but for objects, which are sent as JSON, and for pieces. */
async function bodyOf(given: InjectBody | null): Promise<MadeBody> {
  if (given === null) return { body: noBytes, pieces: null, type: null };
  if (given instanceof Uint8Array || given instanceof ArrayBuffer) {
    return { body: Buffer.from(given as Uint8Array), pieces: null, type: null };
  }
  if (isPromise(given)) {
    throw new CodedError("ERR_ARGUMENT_TYPE", "the body is a promise; await it first");
  }
  if (typeof given === "object" && Symbol.asyncIterator in given) {
    return { body: noBytes, pieces: given as AsyncIterable<string | Uint8Array>, type: null };
  }
  const isForeign = typeof given === "string" || isFormLike(given);
  if (!isForeign) {
    return { body: Buffer.from(JSON.stringify(given)), pieces: null, type: "application/json" };
  }
  const response = new Response(given);
  const body = Buffer.from(await response.arrayBuffer());
  return { body, pieces: null, type: response.headers.get("Content-Type") };
}

function isFormLike(body: object): body is URLSearchParams | FormData | Blob {
  return body instanceof URLSearchParams || body instanceof FormData || body instanceof Blob;
}
