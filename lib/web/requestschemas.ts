/**
 * What a handler class says with `static schemas`: schemas that a request is validated by before its verb is called.
 *
 *     class UserById extends RequestHandler {
 *       static override readonly schemas = {
 *         path: z.object({ id: z.coerce.number() }),     // of every verb
 *         get: { query: Page },                          // of one
 *         put: { body: User },
 *       };
 *       put() {
 *         const { path, body } = this.validated(UserById, "put");   // { id: number }, { name: string; … }
 *       }
 *     }
 *
 * HandlerPlan has each verb of such a class wrapped (schemaVerb), once per class: a class without schemas costs nothing.
 * The order is prepare(), the decorators of the verb, path, query, body, verb; what is wrong with any of the three is told
 * in one answer. `body` of a class is asked of the methods that send something; a verb that others send a body with says
 * so for itself.
 */
import { CodedError } from "../base/errors.ts";
import { nearestName } from "../base/levenshtein.ts";
import { isPromise } from "../base/promises.ts";
import { guardsOf } from "./guardedverb.ts";
import type { OutputOf, StandardIssue, StandardResult, StandardSchema } from "./standardschema.ts";
import { startValidation, type ValidatedHandler } from "./validation.ts";
import { HTTPValidationError, type ValidatedPart } from "./validationerror.ts";

/** The schemas of one verb; none = that part is not looked at. */
export interface PartSchemas {
  readonly path?: StandardSchema;
  readonly query?: StandardSchema;
  readonly body?: StandardSchema;
}

/** The schemas of a class: of all its verbs, and of single ones, which then count in the place of those. */
export interface RequestSchemas extends PartSchemas {
  readonly get?: PartSchemas;
  readonly head?: PartSchemas;
  readonly post?: PartSchemas;
  readonly put?: PartSchemas;
  readonly patch?: PartSchemas;
  readonly delete?: PartSchemas;
  readonly options?: PartSchemas;
}

/** What the schemas of a class make of a request; `Verb` adds what is said of that one. */
export type ValidatedBy<Schemas, Verb extends PropertyKey = never> = {
  readonly [Part in ValidatedPart as SchemaOf<Schemas, Verb, Part> extends never
    ? never
    : Part]: SchemaOf<Schemas, Verb, Part> extends infer Schema extends StandardSchema
    ? OutputOf<Schema>
    : never;
};

type SchemaOf<Schemas, Verb extends PropertyKey, Part extends ValidatedPart> =
  Get<Get<Schemas, Verb>, Part> extends never ? Get<Schemas, Part> : Get<Get<Schemas, Verb>, Part>;

type Get<Of, Key extends PropertyKey> = [Of] extends [never]
  ? never
  : Key extends keyof Of
    ? Of[Key]
    : never;

type Method = (this: object, ...args: unknown[]) => unknown;

const PARTS: readonly ValidatedPart[] = ["path", "query", "body"];
const VERBS: readonly string[] = ["get", "head", "post", "put", "patch", "delete", "options"];
/** Methods whose requests carry something; RFC 9110 §9.3 gives a body of the others no meaning. */
const NO_BODY = new Set(["get", "head", "delete", "options"]);

/** What was found of a request. */
const validated = new WeakMap<object, Validated>();

class Validated {
  readonly schemas: RequestSchemas;
  readonly verb: string;
  readonly #values: Partial<Record<ValidatedPart, unknown>>;

  constructor(
    schemas: RequestSchemas,
    verb: string,
    values: Partial<Record<ValidatedPart, unknown>>,
  ) {
    this.schemas = schemas;
    this.verb = verb;
    this.#values = values;
  }

  get path(): unknown {
    return this.#valueOf("path");
  }

  get query(): unknown {
    return this.#valueOf("query");
  }

  get body(): unknown {
    return this.#valueOf("body");
  }

  #valueOf(part: ValidatedPart): unknown {
    if (part in this.#values) return this.#values[part];
    throw new CodedError(
      "ERR_STATE",
      `the ${part} of this request was not validated; the schemas of the class say nothing of it for ${this.verb}()`,
    );
  }
}

/**
 * What validation made of the request of a handler, as its class has it.
 *
 * @param of   the class whose schemas they are
 * @param verb the verb it is asked in; none = only what is said for all of them
 * @throws CodedError ERR_STATE if the request was validated by others, or for another verb, or not yet
 */
export function validatedInput(
  handler: object,
  of: { readonly schemas: RequestSchemas | null },
  verb: string | undefined,
): Validated {
  const found = validated.get(handler);
  if (found === undefined) {
    throw new CodedError(
      "ERR_STATE",
      "this request has not been validated: that is done before the verb, after prepare(), if the class has schemas",
    );
  }
  if (found.schemas !== of.schemas || (verb !== undefined && verb !== found.verb)) {
    throw new CodedError(
      "ERR_STATE",
      `this request was validated for ${found.verb}() by the schemas of its class; validated() takes that class and that verb`,
    );
  }
  return found;
}

/**
 * Puts validation before a verb.
 *
 * @param name    of the verb, in lower case
 * @param schemas of its class; looked at once, here. What is wrong with them is thrown whenever the verb is called
 */
export function schemaVerb(verb: Method, name: string, schemas: RequestSchemas): Method {
  let parts: [ValidatedPart, StandardSchema][];
  try {
    parts = partsOf(name, schemas);
  } catch (error) {
    return () => {
      throw error;
    };
  }
  const { guards, method } = guardsOf(verb as never);
  const inner = method as Method;
  return function (this: object, ...args: unknown[]): unknown {
    for (const mayEnter of guards) if (!mayEnter(this)) return undefined;
    const results = parts.map(([part, schema]) => {
      const result = startValidation(this as ValidatedHandler, part, schema);
      // If a later part cannot be read, nobody waits for this one.
      if (isPromise(result)) result.then(undefined, () => {});
      return result;
    });
    const goOn = (settled: readonly StandardResult<unknown>[]): unknown => {
      validated.set(this, new Validated(schemas, name, valuesOf(parts, settled)));
      return inner.apply(this, args);
    };
    if (!results.some(isPromise)) return goOn(results as StandardResult<unknown>[]);
    return Promise.all(results).then(goOn);
  };
}

/** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE */
function partsOf(name: string, schemas: RequestSchemas): [ValidatedPart, StandardSchema][] {
  checkNames("schemas", schemas, [...PARTS, ...VERBS]);
  const own = (schemas as Readonly<Record<string, PartSchemas | undefined>>)[name];
  if (VERBS.includes(name) && own !== undefined) checkNames(`schemas.${name}`, own, PARTS);
  const parts: [ValidatedPart, StandardSchema][] = [];
  for (const part of PARTS) {
    const ofClass = part === "body" && NO_BODY.has(name) ? undefined : schemas[part];
    const schema = (VERBS.includes(name) ? own?.[part] : undefined) ?? ofClass;
    if (schema === undefined) continue;
    if (typeof schema["~standard"]?.validate !== "function") {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        `schemas has for the ${part} what is no schema; allowed is an object of a validator that speaks Standard Schema`,
      );
    }
    parts.push([part, schema]);
  }
  return parts;
}

function checkNames(where: string, given: object, allowed: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (allowed.includes(name)) continue;
    const nearest = nearestName(name, allowed);
    const remedy =
      nearest === null ? `it may have ${allowed.join(", ")}` : `did you mean "${nearest}"?`;
    throw new CodedError("ERR_UNKNOWN_OPTION", `${where} has a "${name}"; ${remedy}`);
  }
}

/** @throws HTTPValidationError with the problems of all parts */
function valuesOf(
  parts: readonly (readonly [ValidatedPart, StandardSchema])[],
  results: readonly StandardResult<unknown>[],
): Partial<Record<ValidatedPart, unknown>> {
  const values: Partial<Record<ValidatedPart, unknown>> = {};
  const problems: [ValidatedPart, readonly StandardIssue[]][] = [];
  for (const [index, [part]] of parts.entries()) {
    const result = results[index];
    if (result?.issues !== undefined) problems.push([part, result.issues]);
    else values[part] = result?.value;
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new HTTPValidationError(first[0], first[1], others);
  return values;
}
