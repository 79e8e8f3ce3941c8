/**
 * Option specs: each option's type, default, range and docstring stated once.
 *
 *     export const serverOptions = options({
 *       /** Most bytes of a request head. *\/
 *       maxHeaderBytes: integer({ default: 64 * KiB, min: 1 * KiB, max: 1 * MiB }),
 *     });
 *     export type ServerOptions = Input<typeof serverOptions>;
 *     const resolved = resolve("HTTPServer", serverOptions, { maxHeaderByte: 1 });
 *     // ERR_UNKNOWN_OPTION: HTTPServer has no option "maxHeaderByte"; did you mean "maxHeaderBytes"?
 *
 * Every class that takes options calls resolve() in its constructor, before any state changes.
 * `undefined` is "not given" everywhere; `null` is a value, allowed exactly where the default is
 * null. The manual's page of options reads `type`, `default` and `allowed` from the spec.
 */
import { describe, quote } from "./describe.ts";
import { CodedError } from "./errors.ts";
import { nearestName } from "./levenshtein.ts";

/** One option: what it is when not given, and what else it may be. */
export interface Option<T> {
  /** For the manual: "integer", "boolean", "string", "one of", "list" or "function". */
  readonly type: string;
  /** The value when the option is not given. */
  readonly default: T;
  /** What is allowed, as an error message and the manual say it: "an integer from 0 to 9". */
  readonly allowed: string;
  /**
   * Judges a value that was given; never undefined.
   * @returns null if it is allowed, else which rule it breaks
   */
  readonly fault: (value: unknown) => OptionFault | null;
}

/** How a value breaks a spec. */
export type OptionFault = "ERR_OPTION_TYPE" | "ERR_OPTION_RANGE";

/** Options by name. */
export type OptionSpec = Readonly<Record<string, Option<unknown>>>;

/** What a caller may pass: any of the options, each with its own type. */
export type Input<Spec extends OptionSpec> = {
  readonly [Name in keyof Spec]?: Spec[Name]["default"] | undefined;
};

/** What a class works with: every option, with its default where none was given. */
export type Resolved<Spec extends OptionSpec> = {
  readonly [Name in keyof Spec]: Spec[Name]["default"];
};

/** Nullable exactly when the default is null. */
type OrNull<T, Default> = T | (null extends Default ? null : never);

/**
 * Declares the options of one class.
 *
 * @throws CodedError ERR_OPTION_TYPE or ERR_OPTION_RANGE if a default breaks its own rule
 */
export function options<const Spec extends OptionSpec>(spec: Spec): Spec {
  for (const [name, option] of Object.entries(spec)) {
    if (option.default !== null) check("the spec", name, option, option.default);
  }
  return Object.freeze(spec);
}

/**
 * An integer from `min` to `max`, both allowed. The unit is in the option's name.
 */
export function integer<const D extends number | null>(range: {
  readonly default: D;
  readonly min: number;
  readonly max: number;
}): Option<OrNull<number, D>> {
  const { min, max } = range;
  return option<OrNull<number, D>>(
    range.default as OrNull<number, D>,
    "integer",
    `an integer from ${min} to ${max}`,
    (value) => {
      if (typeof value !== "number") return "ERR_OPTION_TYPE";
      return Number.isSafeInteger(value) && value >= min && value <= max
        ? null
        : "ERR_OPTION_RANGE";
    },
  );
}

/** true or false; nothing else is taken for either. */
export function boolean<const D extends boolean | null>(of: {
  readonly default: D;
}): Option<OrNull<boolean, D>> {
  return option<OrNull<boolean, D>>(
    of.default as OrNull<boolean, D>,
    "boolean",
    "true or false",
    ofType("boolean"),
  );
}

/** A string, of at most `maxLength` UTF-16 units if that is given. */
export function string<const D extends string | null>(of: {
  readonly default: D;
  readonly maxLength?: number;
}): Option<OrNull<string, D>> {
  const maxLength = of.maxLength ?? Number.POSITIVE_INFINITY;
  const allowed = maxLength < Infinity ? `a string of at most ${maxLength} characters` : "a string";
  return option<OrNull<string, D>>(of.default as OrNull<string, D>, "string", allowed, (value) => {
    if (typeof value !== "string") return "ERR_OPTION_TYPE";
    return value.length <= maxLength ? null : "ERR_OPTION_RANGE";
  });
}

/** Exactly one of `values`. */
export function oneOf<
  const Values extends readonly (string | number | boolean)[],
  const D extends Values[number] | null,
>(of: { readonly values: Values; readonly default: D }): Option<OrNull<Values[number], D>> {
  const types = new Set(of.values.map((value) => typeof value));
  return option<OrNull<Values[number], D>>(
    of.default as OrNull<Values[number], D>,
    "one of",
    of.values.map(describe).join(", "),
    (value) => {
      if ((of.values as readonly unknown[]).includes(value)) return null;
      return (types as Set<string>).has(typeof value) ? "ERR_OPTION_RANGE" : "ERR_OPTION_TYPE";
    },
  );
}

/**
 * An array of which every element is what `of` allows, and of at most `maxCount` elements if that
 * is given.
 */
export function list<T>(of: {
  readonly default: readonly T[];
  readonly of: Option<T>;
  readonly maxCount?: number;
}): Option<readonly T[]> {
  const maxCount = of.maxCount ?? Number.POSITIVE_INFINITY;
  const most = maxCount < Infinity ? ` of at most ${maxCount}` : "";
  return option<readonly T[]>(
    Object.freeze([...of.default]),
    "list",
    `an array${most}, each ${of.of.allowed}`,
    (value) => {
      if (!Array.isArray(value)) return "ERR_OPTION_TYPE";
      if (value.length > maxCount) return "ERR_OPTION_RANGE";
      for (const element of value) {
        const fault = element === undefined ? "ERR_OPTION_TYPE" : of.of.fault(element);
        if (fault !== null) return fault;
      }
      return null;
    },
  );
}

/**
 * A function. Its parameters cannot be checked at run time: name its type, as in
 * `func<(at: number) => void>()`.
 *
 * @param of.default what is called when none is given; null = nothing
 */
export function func<F extends (...args: never[]) => unknown>(of?: {
  readonly default: null;
}): Option<F | null>;
export function func<F extends (...args: never[]) => unknown>(of: {
  readonly default: F;
}): Option<F>;
export function func<F extends (...args: never[]) => unknown>(
  of: { readonly default: F | null } = { default: null },
): Option<F | null> {
  return option<F | null>(of.default, "function", "a function", ofType("function"));
}

/**
 * Anything that `isAllowed` takes: for unions and objects that the other kinds do not describe.
 *
 * @param of.type    for the manual: "string or object"
 * @param of.allowed as an error message says it: "a string, or an object of strings"
 */
export function custom<T>(of: {
  readonly type: string;
  readonly default: T;
  readonly allowed: string;
  readonly isAllowed: (value: unknown) => boolean;
}): Option<T> {
  return option<T>(of.default, of.type, of.allowed, (value) =>
    of.isAllowed(value) ? null : "ERR_OPTION_TYPE",
  );
}

/**
 * Makes the options a class works with out of those that a caller gave.
 *
 * @param owner the class, for messages: "HTTPServer"
 * @param given options by name; absent and undefined mean the default
 * @returns a frozen object with every option of the spec
 * @throws CodedError ERR_UNKNOWN_OPTION for a name the spec does not have, with the nearest it has;
 *   ERR_OPTION_TYPE and ERR_OPTION_RANGE with what was got and what is allowed. Nothing else has
 *   happened by then.
 */
export function resolve<const Spec extends OptionSpec>(
  owner: string,
  spec: Spec,
  given: Input<Spec> | undefined = {},
): Resolved<Spec> {
  if (typeof given !== "object" || given === null) {
    throw new CodedError(
      "ERR_OPTION_TYPE",
      `the options of ${owner} are ${describe(given)}; allowed is an object`,
    );
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(spec, name)) throw unknownOption(owner, spec, name);
  }
  const resolved: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(spec)) {
    const value = Object.hasOwn(given, name) ? given[name as keyof Spec] : undefined;
    if (value !== undefined) check(owner, name, option, value);
    resolved[name] = value === undefined ? option.default : value;
  }
  return Object.freeze(resolved) as Resolved<Spec>;
}

function option<T>(
  fallback: T,
  type: string,
  allowed: string,
  fault: (value: unknown) => OptionFault | null,
): Option<T> {
  if (fallback !== null) return { type, default: fallback, allowed, fault };
  return {
    type,
    default: fallback,
    allowed: `${allowed}, or null`,
    fault: (value) => (value === null ? null : fault(value)),
  };
}

function ofType(type: "boolean" | "function"): (value: unknown) => OptionFault | null {
  return (value) => (typeof value === type ? null : "ERR_OPTION_TYPE");
}

function check(owner: string, name: string, option: Option<unknown>, value: unknown): void {
  const fault = option.fault(value);
  if (fault === null) return;
  throw new CodedError(
    fault,
    `option "${name}" of ${owner} is ${describe(value)}; allowed is ${option.allowed}`,
  );
}

function unknownOption(owner: string, spec: OptionSpec, name: string): CodedError {
  const names = Object.keys(spec);
  const nearest = nearestName(name, names);
  const remedy = nearest === null ? `it has ${names.join(", ")}` : `did you mean "${nearest}"?`;
  return new CodedError("ERR_UNKNOWN_OPTION", `${owner} has no option ${quote(name)}; ${remedy}`);
}
