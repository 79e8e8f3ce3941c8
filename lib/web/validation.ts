/**
 * Validates what a client sent with a schema: any validator that speaks Standard Schema.
 *
 *     const User = z.object({ name: z.string(), age: z.number() });
 *     class Users extends RequestHandler {
 *       post() {
 *         const user = this.validateBody(User);   // { name: string; age: number }
 *         const { page } = this.validateQuery(Page);
 *       }
 *     }
 *
 * RequestHandler's methods of these names call the functions here. They throw HTTPValidationError,
 * a 400 that lists each problem with its path. What a schema is given:
 *
 * - body: the value, if it is JSON (application/json, or a type that ends in +json); of a form an
 *   object with a string for each field, an array of strings for one that comes more than once, and
 *   HTTPFiles for files; of anything else nothing: 415
 * - query: an object as that of a form
 * - path: the object of the pattern's named groups, or the array of its groups without names
 *
 * Arguments are decoded (decodeArgument) and otherwise as they were sent: white space is not
 * stripped, as getArgument() does, for that is the schema's to say. A field called `__proto__` is
 * refused, as in JSON.
 */
import { CodedError } from "../base/errors.ts";
import { isPromise } from "../base/promises.ts";
import type { Arguments } from "../http/forms.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { HTTPFile, HTTPFiles } from "../http/multipartfile.ts";
import type { GroupDecoder } from "./argumentreader.ts";
import { HTTPError } from "./httperror.ts";
import type { PathArgs, PathKwargs } from "./routing.ts";
import type { OutputOf, StandardResult, StandardSchema } from "./standardschema.ts";
import { HTTPValidationError, type ValidatedPart } from "./validationerror.ts";

/** Whose request is validated: a handler. */
export interface ValidatedHandler extends GroupDecoder {
  readonly request: HTTPServerRequest;
  readonly pathArgs: PathArgs;
  readonly pathKwargs: PathKwargs;
  readonly hasNamedPathArgs: boolean;
}

/** What a schema is given for a query or a form. */
type FormObject = Record<string, FormValue>;
type FormValue = string | HTTPFile | (string | HTTPFile)[];

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";
const POISON = "__proto__";
/** Values are latin1: one character a byte. */
const NOT_ASCII = /[\x80-\xff]/;

/**
 * The body, validated.
 *
 * @hot bench/run.mjs: once per JSON request; the body's text, its value, and what the schema makes
 * @returns what the schema makes of it
 * @throws HTTPValidationError 400 if the schema finds issues
 * @throws HTTPInputError 400 ERR_HTTP_JSON for malformed JSON; as request.parseBody() for a form
 * @throws HTTPError 415 if the body is neither JSON nor a form
 * @throws CodedError ERR_ARGUMENT_TYPE if the schema answers with a promise: use validateBodyAsync
 */
export function validateBody<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): OutputOf<Schema> {
  return validated("body", schema, bodyValue(handler));
}

/** As validateBody(), for a schema that must be waited for; any other will do, too. */
export function validateBodyAsync<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): Promise<OutputOf<Schema>> {
  return validatedAsync("body", schema, () => bodyValue(handler));
}

/** The query, validated. @throws as validateBody() */
export function validateQuery<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): OutputOf<Schema> {
  return validated("query", schema, queryValue(handler));
}

/** As validateQuery(), for a schema that must be waited for. */
export function validateQueryAsync<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): Promise<OutputOf<Schema>> {
  return validatedAsync("query", schema, () => queryValue(handler));
}

/** The groups of the path, validated. @throws as validateBody() */
export function validatePath<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): OutputOf<Schema> {
  return validated("path", schema, pathValue(handler));
}

/** As validatePath(), for a schema that must be waited for. */
export function validatePathAsync<Schema extends StandardSchema>(
  handler: ValidatedHandler,
  schema: Schema,
): Promise<OutputOf<Schema>> {
  return validatedAsync("path", schema, () => pathValue(handler));
}

/**
 * Has a part of a request looked at by a schema, and leaves it to the caller what comes of that.
 *
 * @throws HTTPInputError, HTTPError if the part cannot be read, as validateBody()
 */
export function startValidation(
  handler: ValidatedHandler,
  part: ValidatedPart,
  schema: StandardSchema,
): StandardResult<unknown> | PromiseLike<StandardResult<unknown>> {
  return resultOf(part, schema, values[part](handler));
}

// What is validated.

const values: Readonly<Record<ValidatedPart, (handler: ValidatedHandler) => unknown>> = {
  body: bodyValue,
  query: queryValue,
  path: pathValue,
};

function bodyValue(handler: ValidatedHandler): unknown {
  const { request } = handler;
  const { mediaType } = request;
  if (mediaType === "application/json" || mediaType.endsWith("+json")) return request.json();
  if (mediaType === FORM || mediaType === MULTIPART) {
    return formObject(handler, request.bodyArguments, request.files);
  }
  const got = mediaType === "" ? "none" : `"${mediaType}"`;
  throw new HTTPError(
    415,
    `the Content-Type is ${got}; allowed are application/json, …+json, ${FORM} and ${MULTIPART}`,
  );
}

function queryValue(handler: ValidatedHandler): unknown {
  return formObject(handler, handler.request.queryArguments, null);
}

function pathValue(handler: ValidatedHandler): unknown {
  return handler.hasNamedPathArgs ? handler.pathKwargs : handler.pathArgs;
}

function formObject(
  handler: ValidatedHandler,
  from: Arguments,
  files: HTTPFiles | null,
): FormObject {
  const object: FormObject = {};
  for (const [name, raw] of from) {
    const values: (string | HTTPFile)[] = raw.map((value) => decoded(handler, value, name));
    addValues(object, name, values);
  }
  for (const [name, list] of files ?? []) addValues(object, name, [...list]);
  return object;
}

/** A name may have both arguments and files. */
function addValues(object: FormObject, name: string, values: (string | HTTPFile)[]): void {
  if (name === POISON) {
    throw new HTTPError(400, `a field is called ${POISON}, which is not taken`);
  }
  const before = Object.hasOwn(object, name) ? object[name] : undefined;
  const all = before === undefined ? values : [before, values].flat();
  const [only] = all;
  object[name] = all.length === 1 && only !== undefined ? only : all;
}

function decoded(handler: ValidatedHandler, raw: string, name: string): string {
  if (!handler.hasOwnDecoder && !NOT_ASCII.test(raw)) return raw;
  return handler.decodeArgument(Buffer.from(raw, "latin1"), name);
}

// Steps.

function validated<Schema extends StandardSchema>(
  part: ValidatedPart,
  schema: Schema,
  value: unknown,
): OutputOf<Schema> {
  const result = resultOf(part, schema, value);
  if (isPromise(result)) {
    // Nobody waits for it; its rejection must not end the process.
    result.then(undefined, () => {});
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `this schema (${schema["~standard"].vendor}) validates asynchronously; await the method whose name ends in Async`,
    );
  }
  if (result.issues !== undefined) throw new HTTPValidationError(part, result.issues);
  return result.value as OutputOf<Schema>;
}

async function validatedAsync<Schema extends StandardSchema>(
  part: ValidatedPart,
  schema: Schema,
  read: () => unknown,
): Promise<OutputOf<Schema>> {
  const result = await resultOf(part, schema, read());
  if (result.issues !== undefined) throw new HTTPValidationError(part, result.issues);
  return result.value as OutputOf<Schema>;
}

function resultOf(
  part: ValidatedPart,
  schema: StandardSchema,
  value: unknown,
): StandardResult<unknown> | PromiseLike<StandardResult<unknown>> {
  try {
    return schema["~standard"].validate(value);
  } catch (cause) {
    // JSON.parse takes any depth; a validator that calls itself for each level does not.
    if (!(cause instanceof RangeError)) throw cause;
    throw new HTTPError(400, `the ${part} is nested too deeply for its schema`, { cause });
  }
}
