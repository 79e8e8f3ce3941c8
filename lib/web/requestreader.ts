/**
 * RequestReader: the half of RequestHandler that reads the request: its arguments, decoded, and the groups of its path.
 *
 * RequestHandler extends it; nothing here knows of a response.
 */
import type { Arguments } from "../http/forms.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { type ArgumentOptions, readArguments } from "./argumentreader.ts";
import { HTTPError, MissingArgumentError } from "./httperror.ts";
import { type RequestSchemas, type ValidatedBy, validatedInput } from "./requestschemas.ts";
import type { OutputOf, StandardSchema } from "./standardschema.ts";
import { type UploadedFile, uploadedFiles } from "./uploadedfile.ts";
import {
  validateBody,
  validateBodyAsync,
  validatePath,
  validatePathAsync,
  validateQuery,
  validateQueryAsync,
} from "./validation.ts";
import type { ValidatedPart } from "./validationerror.ts";

const noArgs: readonly (string | undefined)[] = [];
const noKwargs: Readonly<Record<string, string | undefined>> = {};
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** How much of an undecodable value an error shows. */
const SHOWN_CHARACTERS = 40;

/** A handler class with schemas. */
interface SchemedClass {
  readonly schemas: RequestSchemas;
}

export abstract class RequestReader {
  /** Decoded groups of the route's pattern, if they have no names; undefined where an optional one did not match. */
  pathArgs: readonly (string | undefined)[] = noArgs;
  /** Decoded groups of the route's pattern by name. */
  pathKwargs: Readonly<Record<string, string | undefined>> = noKwargs;

  /** The request as a value. */
  abstract get request(): HTTPServerRequest;

  /**
   * The last value of an argument of query or body.
   *
   * @param fallback what it is if it is not there
   * @throws MissingArgumentError (400) if it is not there and has no fallback
   */
  getArgument(name: string): string;
  getArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return RequestReader.#argument(this, this.request.arguments, name, fallback, options);
  }

  /** All values of an argument, those of the query first; [] if there are none. */
  getArguments(name: string, options?: ArgumentOptions): string[] {
    return RequestReader.#arguments(this, this.request.arguments, name, options);
  }

  /** As getArgument(), of the query alone. */
  getQueryArgument(name: string): string;
  getQueryArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getQueryArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return RequestReader.#argument(this, this.request.queryArguments, name, fallback, options);
  }

  getQueryArguments(name: string, options?: ArgumentOptions): string[] {
    return RequestReader.#arguments(this, this.request.queryArguments, name, options);
  }

  /** As getArgument(), of the body alone. */
  getBodyArgument(name: string): string;
  getBodyArgument<T>(name: string, fallback: T, options?: ArgumentOptions): string | T;
  getBodyArgument<T>(name: string, fallback?: T, options?: ArgumentOptions): string | T {
    return RequestReader.#argument(this, this.request.bodyArguments, name, fallback, options);
  }

  getBodyArguments(name: string, options?: ArgumentOptions): string[] {
    return RequestReader.#arguments(this, this.request.bodyArguments, name, options);
  }

  // Validation, by any validator that speaks Standard Schema (zod, valibot, arktype, one's own).

  /**
   * The body, JSON or a form, as the schema makes it; see validation.ts.
   *
   * @throws HTTPValidationError 400 with each problem and its path; HTTPError 415 for another type of body;
   *   HTTPInputError 400 for malformed JSON; CodedError ERR_ARGUMENT_TYPE if the schema must be waited for
   */
  validateBody<Schema extends StandardSchema>(schema: Schema): OutputOf<Schema> {
    return validateBody(this, schema);
  }

  /** As validateBody(), for a schema that must be waited for. */
  validateBodyAsync<Schema extends StandardSchema>(schema: Schema): Promise<OutputOf<Schema>> {
    return validateBodyAsync(this, schema);
  }

  /** The query as the schema makes it, of an object of strings, arrays of strings where an argument comes again. */
  validateQuery<Schema extends StandardSchema>(schema: Schema): OutputOf<Schema> {
    return validateQuery(this, schema);
  }

  /** As validateQuery(), for a schema that must be waited for. */
  validateQueryAsync<Schema extends StandardSchema>(schema: Schema): Promise<OutputOf<Schema>> {
    return validateQueryAsync(this, schema);
  }

  /** The groups of the path as the schema makes them, of pathKwargs or pathArgs. */
  validatePath<Schema extends StandardSchema>(schema: Schema): OutputOf<Schema> {
    return validatePath(this, schema);
  }

  /** As validatePath(), for a schema that must be waited for. */
  validatePathAsync<Schema extends StandardSchema>(schema: Schema): Promise<OutputOf<Schema>> {
    return validatePathAsync(this, schema);
  }

  /**
   * What the `schemas` of a handler class have made of this request, with their types.
   *
   *     const { path, body } = this.validated(UserById, "put");
   *
   * @param handlerClass the class that it is asked in, whose schemas they are
   * @param verb         the verb that it is asked in: adds what the schemas say of that one. HEAD without a head() is "get"
   * @throws CodedError ERR_STATE before the verb, for another class or verb, and for a part that has no schema
   */
  validated<Class extends SchemedClass>(handlerClass: Class): ValidatedBy<Class["schemas"]>;
  validated<Class extends SchemedClass, Verb extends keyof Class["schemas"] & string>(
    handlerClass: Class,
    verb: Exclude<Verb, ValidatedPart>,
  ): ValidatedBy<Class["schemas"], Verb>;
  validated(handlerClass: SchemedClass, verb?: string): unknown {
    return validatedInput(this, handlerClass, verb);
  }

  /** The files of a field, of a class with `uploads`; [] if there are none, or they are in memory. */
  uploadedFiles(name: string): UploadedFile[] {
    return uploadedFiles(this.request, name);
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

  static #argument<T>(
    self: RequestReader,
    from: Arguments,
    name: string,
    fallback: T | undefined,
    options?: ArgumentOptions,
  ): string | T {
    const value = RequestReader.#arguments(self, from, name, options).at(-1);
    if (value !== undefined) return value;
    if (fallback === undefined) throw new MissingArgumentError(name);
    return fallback;
  }

  static #arguments(
    self: RequestReader,
    from: Arguments,
    name: string,
    options?: ArgumentOptions,
  ): string[] {
    return readArguments(
      from,
      name,
      (bytes, argument) => self.decodeArgument(bytes, argument),
      options,
    );
  }
}
