/**
 * The options of a program, as they are declared and typed: what define() and defineOptions() take.
 *
 *     defineOptions({
 *       port: { type: "integer", default: 8888, min: 0, max: 65_535, help: "port to listen on" },
 *       hosts: { type: String, multiple: true },                // readonly string[]
 *       since: { type: Date },                                  // Date | null
 *       mode: { choices: ["fast", "safe"], default: "safe" },   // "fast" | "safe"
 *     });
 *
 * OptionParser reads their values; optionvalue.ts knows how a text becomes one.
 */

/**
 * What the values of an option are: String, Number, Boolean or Date, or the name of a kind, or a function that makes the
 * value of a text and throws if it cannot.
 *
 * "integer": a safe integer. "duration": ms, on the command line with a unit: `1h30m`, `500ms`. "date": a Date, of
 * `2026-01-31`, `20260131`, `2026-01-31T12:00[:00][Z]`, `12:00` (today); without a zone in local time.
 */
export type OptionType =
  | StringConstructor
  | NumberConstructor
  | BooleanConstructor
  | DateConstructor
  | OptionKind
  | ((text: string) => unknown);

/** The kinds of values that are known by name. */
export type OptionKind = "string" | "number" | "integer" | "boolean" | "date" | "duration";

/** One option of a program. */
export interface OptionDefinition {
  /** Default: what `default` or `choices` are, or else String. */
  readonly type?: OptionType;
  /** The value when nobody gives one; absent = null, or with `multiple` no values. */
  readonly default?: unknown;
  /** What --help says of it. */
  readonly help?: string;
  /** What stands for the value in --help: "FILE", say. Default: the type. */
  readonly metavar?: string;
  /** Several values: `a,b`, of integers `1:5` too, or the option more than once. */
  readonly multiple?: boolean;
  /** The heading it stands under in --help. Default: "Options". */
  readonly group?: string;
  /** One letter, for `-p`. */
  readonly short?: string;
  /** Least and greatest number (ms of a duration), both allowed. */
  readonly min?: number;
  readonly max?: number;
  /** The only values there are. */
  readonly choices?: readonly (string | number)[];
  /** Called with the value whenever one was given. */
  callback?(value: unknown): unknown;
}

/** Options by name. */
export type OptionDefinitions = Readonly<Record<string, OptionDefinition>>;

/** What is read of defined options, each typed by its definition. */
export type OptionValues<Definitions extends OptionDefinitions> = {
  -readonly [Name in keyof Definitions]: OptionValueOf<Definitions[Name]>;
};

/** The type of one option's value. */
export type OptionValueOf<Definition> = Definition extends { readonly multiple: true }
  ? readonly Single<Definition>[]
  : Definition extends { readonly default: infer Default }
    ? Default extends null | undefined
      ? Single<Definition> | null
      : Single<Definition>
    : Single<Definition> | null;

type Single<Definition> = Definition extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Definition extends { readonly type: infer Type }
    ? TypeValue<Type>
    : Definition extends { readonly default: infer Default }
      ? Widened<Default extends readonly (infer Element)[] ? Element : Default>
      : string;

type TypeValue<Type> = Type extends StringConstructor | "string"
  ? string
  : Type extends NumberConstructor | "number" | "integer" | "duration"
    ? number
    : Type extends BooleanConstructor | "boolean"
      ? boolean
      : Type extends DateConstructor | "date"
        ? Date
        : Type extends (text: string) => infer Value
          ? Value
          : string;

type Widened<Value> = Value extends string
  ? string
  : Value extends number
    ? number
    : Value extends boolean
      ? boolean
      : Value;
