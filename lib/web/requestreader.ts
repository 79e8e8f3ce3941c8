/**
 * RequestReader: the half of RequestHandler that reads the request: its arguments, decoded, and the groups of its path.
 *
 * RequestHandler extends it; nothing here knows of a response.
 */
import type { Arguments } from "../http/forms.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { type ArgumentOptions, readArguments } from "./argumentreader.ts";
import { HTTPError, MissingArgumentError } from "./httperror.ts";

/** Who has the request; made when it is first asked for. */
export interface RequestSource {
  readonly request: HTTPServerRequest;
}

const noArgs: readonly (string | undefined)[] = [];
const noKwargs: Readonly<Record<string, string | undefined>> = {};
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How much of an undecodable value an error shows. */
const SHOWN_CHARACTERS = 40;

export class RequestReader {
  /** Decoded groups of the route's pattern, if they have no names; undefined where an optional one did not match. */
  pathArgs: readonly (string | undefined)[] = noArgs;
  /** Decoded groups of the route's pattern by name. */
  pathKwargs: Readonly<Record<string, string | undefined>> = noKwargs;

  readonly #source: RequestSource;

  constructor(source: RequestSource) {
    this.#source = source;
  }

  get request(): HTTPServerRequest {
    return this.#source.request;
  }

  /**
   * The last value of an argument of query or body.
   *
   * @param fallback what it is if it is not there
   * @throws MissingArgumentError (400) if it is not there and has no fallback
   */
  getArgument(name: string): string;
  getArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.arguments, name, fallback, options);
  }

  /** All values of an argument, those of the query first; [] if there are none. */
  getArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.arguments, name, options);
  }

  /** As getArgument(), of the query alone. */
  getQueryArgument(name: string): string;
  getQueryArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getQueryArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.queryArguments, name, fallback, options);
  }

  getQueryArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.queryArguments, name, options);
  }

  /** As getArgument(), of the body alone. */
  getBodyArgument(name: string): string;
  getBodyArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getBodyArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return this.#argument(this.request.bodyArguments, name, fallback, options);
  }

  getBodyArguments(name: string, options?: ArgumentOptions): string[] {
    return this.#arguments(this.request.bodyArguments, name, options);
  }

  /** Decodes the bytes of an argument or a path group. @throws HTTPError 400 if they are not UTF-8 */
  decodeArgument(bytes: Buffer, name: string | null): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw new HTTPError(
        400,
        `Invalid unicode in ${name ?? "url"}: ${JSON.stringify(bytes.toString("latin1").slice(0, SHOWN_CHARACTERS))}`,
      );
    }
  }

  /** @internal */
  get hasOwnDecoder(): boolean {
    return this.decodeArgument !== RequestReader.prototype.decodeArgument;
  }

  /** @internal */
  get hasNamedPathArgs(): boolean {
    return this.pathKwargs !== noKwargs;
  }

  // Steps.

  #argument<T>(
    from: Arguments,
    name: string,
    fallback: T | undefined,
    options?: ArgumentOptions,
  ): string | T {
    const value = this.#arguments(from, name, options).at(-1);
    if (value !== undefined) return value;
    if (fallback === undefined) throw new MissingArgumentError(name);
    return fallback;
  }

  #arguments(from: Arguments, name: string, options?: ArgumentOptions): string[] {
    return readArguments(
      from,
      name,
      (bytes, argument) => this.decodeArgument(bytes, argument),
      options,
    );
  }
}
