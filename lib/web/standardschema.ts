/**
 * Standard Schema, version 1: the interface that zod, valibot, arktype and others share, in types alone.
 *
 * validation.ts calls any validator through it, so none of them is a dependency. A validator of
 * one's own is an object with `~standard`:
 *
 *     const Positive: StandardSchema<unknown, number> = {
 *       "~standard": { version: 1, vendor: "me", validate: (value) =>
 *         typeof value === "number" && value > 0 ? { value } : { issues: [{ message: "not positive" }] } },
 *     };
 *
 * @see https://standardschema.dev
 */

/** A validator: takes an `Input`, says what is wrong with it or gives an `Output`. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": StandardSchemaProps<Input, Output>;
}

/** What a validator says of itself. */
export interface StandardSchemaProps<Input = unknown, Output = Input> {
  readonly version: 1;
  /** "zod", "valibot", … */
  readonly vendor: string;
  readonly validate: (
    value: unknown,
  ) => StandardResult<Output> | PromiseLike<StandardResult<Output>>;
  /** For the type checker; not there at run time. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** Without issues the value is valid; `value` may be another one, with defaults filled in say. */
export type StandardResult<Output> = StandardSuccess<Output> | StandardFailure;

export interface StandardSuccess<Output> {
  readonly value: Output;
  readonly issues?: undefined;
}

export interface StandardFailure {
  readonly issues: readonly StandardIssue[];
}

/** One thing that is wrong. */
export interface StandardIssue {
  readonly message: string;
  /** Where, from the outside in; none = the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema makes of a value: `OutputOf<typeof User>`. */
export type OutputOf<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["output"];
