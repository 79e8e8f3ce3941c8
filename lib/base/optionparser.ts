/**
 * OptionParser: the options of a program, and where their values come from; after tornado.options.
 *
 *     const parser = new OptionParser();
 *     const options = parser.defineOptions({ port: { default: 8888, help: "port to listen on" } });
 *     const rest = parser.parseCommandLine();      // options.port
 *
 * Most programs use the one parser of the process, by the functions of commandline.ts. A value that stands in several
 * places is taken from the last of: default, file, environment, command line, assignment; in which order those were read
 * does not matter. A call that throws has changed nothing.
 */
import path from "node:path";
import { describe, quote } from "./describe.ts";
import { CodedError } from "./errors.ts";
import { nearestName } from "./levenshtein.ts";
import { readArguments } from "./optionarguments.ts";
import { readOptionFile } from "./optionfile.ts";
import { DEFAULT_GROUP, helpText } from "./optionhelp.ts";
import { dashed, nameKey, screaming } from "./optionnames.ts";
import {
  OptionValueFault,
  type ValueType,
  valueOfText,
  valueOfValue,
  valueTypeOf,
} from "./optionvalue.ts";
import type {
  OptionDefinition,
  OptionDefinitions,
  OptionValueOf,
  OptionValues,
} from "./programoption.ts";

/** Where a value may come from; a later one covers an earlier one. */
const FILE = 1;
const ENVIRONMENT = 2;
const COMMAND_LINE = 3;
const ASSIGNED = 4;

/** How the command line is read. */
export interface ParseOptions {
  /** Whether the callbacks of addParseCallback() are run; false if another parse follows. Default true. */
  readonly final?: boolean;
  /** What the names of environment variables begin with; null = the environment is not read. Default "LANDSPOUT_". */
  readonly envPrefix?: string | null;
}

/** One defined option, to be read: what define() returns. */
export interface DefinedOption<Value> {
  readonly name: string;
  /** The value now. */
  readonly value: Value;
}

interface Entry {
  readonly name: string;
  readonly type: ValueType;
  readonly definition: OptionDefinition;
  /** By where it comes from: the default first. */
  readonly values: (readonly [value: unknown] | null)[];
}

/** A value that was read and is not yet in force. */
type Reading = readonly [entry: Entry, layer: number, value: unknown];

const HELP: OptionDefinition = { type: "boolean", help: "show this help and exit", short: "h" };

/** What is printed for --help goes here, and then the process ends; a test puts its own in its place. */
export interface HelpExit {
  print(text: string): void;
  exit(): void;
}

const processExit: HelpExit = {
  print: (text) => void process.stdout.write(text),
  exit: () => process.exit(0),
};

export class OptionParser {
  readonly #entries = new Map<string, Entry>();
  readonly #callbacks: (() => unknown)[] = [];
  readonly #helpExit: HelpExit;
  /** What stands behind "Usage: "; null = the name of the script. */
  readonly #usage: string | null;
  /** Parses that are under way: a callback may read a file. */
  #depth = 0;

  constructor(init: { readonly usage?: string; readonly helpExit?: HelpExit } = {}) {
    this.#usage = init.usage ?? null;
    this.#helpExit = init.helpExit ?? processExit;
    this.define("help", HELP);
  }

  /**
   * Defines one option.
   *
   * @param name as the program says it, "maxBodyBytes"; the command line says --max-body-bytes
   * @throws CodedError ERR_OPTION_DEFINED if there is one of this name; ERR_OPTION_TYPE, ERR_OPTION_RANGE if the type is none
   *   or the default is not one of it
   */
  define<const Definition extends OptionDefinition>(
    name: string,
    definition: Definition,
  ): DefinedOption<OptionValueOf<Definition>> {
    const entry = this.#made(name, definition);
    this.#entries.set(nameKey(name), entry);
    return {
      name,
      get value() {
        return current(entry) as OptionValueOf<Definition>;
      },
    };
  }

  /**
   * Defines options, all or, if one is wrong, none.
   *
   * @returns an object to read them from, and to set them; each is typed by its definition
   * @throws as define()
   */
  defineOptions<const Definitions extends OptionDefinitions>(
    definitions: Definitions,
  ): OptionValues<Definitions> {
    const entries = Object.entries(definitions).map(([name, each]) => this.#made(name, each));
    const values = {};
    for (const entry of entries) {
      if (this.#entries.has(nameKey(entry.name))) throw definedTwice(entry.name);
      this.#entries.set(nameKey(entry.name), entry);
      Object.defineProperty(values, entry.name, {
        enumerable: true,
        get: () => current(entry),
        set: (value: unknown) => this.set(entry.name, value),
      });
    }
    return Object.freeze(values) as OptionValues<Definitions>;
  }

  /** The value of an option. @throws CodedError ERR_UNKNOWN_OPTION */
  get(name: string): unknown {
    return current(this.#entry(name, quote(name)));
  }

  /** Sets an option, above all that was read. @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE */
  set(name: string, value: unknown): void {
    const entry = this.#entry(name, quote(name));
    this.#apply([[entry, ASSIGNED, judged(entry, value, `option ${quote(name)}`)]]);
  }

  has(name: string): boolean {
    return this.#entries.has(nameKey(name));
  }

  /** Names and values, in the order of definition. */
  items(): [name: string, value: unknown][] {
    return [...this.#entries.values()].map((entry) => [entry.name, current(entry)]);
  }

  /** Names and values as an object. */
  asDict(): Record<string, unknown> {
    return Object.fromEntries(this.items());
  }

  /** The headings that options stand under. */
  groups(): string[] {
    return [...new Set([...this.#entries.values()].map(groupOf))];
  }

  /** Names and values of the options of one group: `new Application(routes, parser.groupDict("application"))`. */
  groupDict(group: string): Record<string, unknown> {
    const members = [...this.#entries.values()].filter((entry) => groupOf(entry) === group);
    return Object.fromEntries(members.map((entry) => [entry.name, current(entry)]));
  }

  /**
   * Reads the environment and the command line. `--name=value`, `--name value`, `--flag`, `--no-flag`, `-p value`; what
   * follows `--` is left alone. With --help, prints the options and ends the process.
   *
   * @param args without node and the script. Default: those of the process
   * @returns what is no option
   * @throws CodedError ERR_UNKNOWN_OPTION with the nearest name, ERR_OPTION_TYPE, ERR_OPTION_RANGE
   */
  parseCommandLine(
    args: readonly string[] = process.argv.slice(2),
    { final = true, envPrefix = "LANDSPOUT_" }: ParseOptions = {},
  ): string[] {
    const readings = envPrefix === null ? [] : this.#environment(process.env, envPrefix);
    const rest = this.#arguments(args, readings);
    const isHelp = readings.some(([{ name }, , value]) => name === "help" && value === true);
    if (isHelp) {
      this.printHelp();
      this.#helpExit.exit();
      return rest;
    }
    this.#apply(readings);
    this.#ended(final);
    return rest;
  }

  /**
   * Reads environment variables: of the option maxBodyBytes that is LANDSPOUT_MAX_BODY_BYTES. Those that name no option
   * are passed over.
   *
   * @throws CodedError ERR_OPTION_TYPE, ERR_OPTION_RANGE
   */
  parseEnvironment(
    env: Readonly<Record<string, string | undefined>> = process.env,
    prefix = "LANDSPOUT_",
  ): void {
    this.#apply(this.#environment(env, prefix));
  }

  /**
   * Reads a file of options: an object of JSON, or a JavaScript module (its default export, or its exports).
   *
   * Of a module, exports that name no option are passed over, as in Tornado; in JSON they are refused.
   *
   * @throws CodedError ERR_OPTION_FILE if it cannot be read or is no object; ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE,
   *   ERR_OPTION_RANGE
   */
  parseConfigFile(file: string, { final = true }: Pick<ParseOptions, "final"> = {}): void {
    const { values, isStrict } = readOptionFile(file);
    const readings: Reading[] = [];
    for (const [name, value] of Object.entries(values)) {
      if (!isStrict && !this.has(name)) continue;
      const what = `${quote(name)} of ${file}`;
      const entry = this.#entry(name, what);
      readings.push([entry, FILE, judged(entry, value, `option ${what}`)]);
    }
    this.#apply(readings);
    this.#ended(final);
  }

  /** Has `callback` run when the options have been read. */
  addParseCallback(callback: () => unknown): void {
    this.#callbacks.push(callback);
  }

  runParseCallbacks(): void {
    for (const callback of this.#callbacks) callback();
  }

  /** What --help prints. */
  helpText(): string {
    const usage = this.#usage ?? `${path.basename(process.argv[1] ?? "program")} [options]`;
    return helpText([...this.#entries.values()], usage, process.stdout.columns || 80);
  }

  printHelp(): void {
    this.#helpExit.print(this.helpText());
  }

  // Steps.

  #made(name: string, definition: OptionDefinition): Entry {
    if (typeof definition !== "object" || definition === null) {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        `the definition of option "${name}" is ${describe(definition)}; allowed is an object`,
      );
    }
    if (this.has(name)) throw definedTwice(name);
    const type = valueTypeOf(name, definition);
    const { multiple, default: given } = definition;
    let fallback: unknown = multiple === true ? Object.freeze([]) : null;
    if (type === "boolean" && multiple !== true) fallback = false;
    if (given !== undefined && given !== null) {
      const judge = { type, definition };
      fallback = judged(judge, given, `the default of option "${name}"`);
    } else if (given === null) {
      fallback = null;
    }
    return { name, type, definition, values: [[fallback]] };
  }

  #entry(name: string, what: string): Entry {
    const entry = this.#entries.get(nameKey(name));
    if (entry !== undefined) return entry;
    const names = [...this.#entries.values()].map((each) => each.name);
    const nearest = nearestName(name, names);
    const isFlag = what.startsWith("--");
    const spelled = (text: string) => (isFlag ? `--${dashed(text)}` : `"${text}"`);
    const remedy =
      nearest === null
        ? isFlag
          ? "--help lists the options"
          : `there are ${names.join(", ")}`
        : `did you mean ${spelled(nearest)}?`;
    throw new CodedError("ERR_UNKNOWN_OPTION", `there is no option ${what}; ${remedy}`);
  }

  #environment(env: Readonly<Record<string, string | undefined>>, prefix: string): Reading[] {
    const readings: Reading[] = [];
    for (const entry of this.#entries.values()) {
      const variable = prefix + screaming(entry.name);
      const text = entry.name === "help" ? undefined : env[variable];
      // An empty variable is one that is not set.
      if (text === undefined || text === "") continue;
      const what = `the environment variable ${variable}`;
      readings.push([entry, ENVIRONMENT, judgedText(entry, text, what)]);
    }
    return readings;
  }

  /** Adds what the arguments say to `readings`. @returns what is no option */
  #arguments(args: readonly string[], readings: Reading[]): string[] {
    const { given, rest } = readArguments(args, this.#entries, (name, rawName) =>
      this.#entry(name, rawName),
    );
    const lists = new Map<Entry, unknown[]>();
    for (const { option, text, rawName } of given) {
      let value = judgedText(option, text, rawName);
      if (option.definition.multiple === true) {
        value = [...(lists.get(option) ?? []), ...(value as unknown[])];
        lists.set(option, value as unknown[]);
      }
      readings.push([option, COMMAND_LINE, value]);
    }
    return rest;
  }

  /** Puts values in force, and tells the options' callbacks. */
  #apply(readings: readonly Reading[]): void {
    const told = new Set<Entry>();
    for (const [entry, layer, value] of readings) {
      entry.values[layer] = [value];
      told.add(entry);
    }
    this.#depth++;
    try {
      for (const entry of told) entry.definition.callback?.(current(entry));
    } finally {
      this.#depth--;
    }
  }

  /** A file that an option's callback reads is a part of what is being read. */
  #ended(final: boolean): void {
    if (final && this.#depth === 0) this.runParseCallbacks();
  }
}

function current(entry: Entry): unknown {
  for (let layer = entry.values.length - 1; layer >= 0; layer--) {
    const held = entry.values[layer];
    if (held !== undefined && held !== null) return held[0];
  }
  return null;
}

function groupOf(entry: Entry): string {
  return entry.definition.group ?? DEFAULT_GROUP;
}

function judged(entry: Pick<Entry, "type" | "definition">, value: unknown, what: string): unknown {
  return telling(what, () => valueOfValue(entry.type, entry.definition, value));
}

function judgedText(entry: Entry, text: string, what: string): unknown {
  return telling(what, () => valueOfText(entry.type, entry.definition, text));
}

function telling(what: string, make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof OptionValueFault)) throw error;
    throw new CodedError(error.code, `${what} is ${error.message}`);
  }
}

function definedTwice(name: string): CodedError {
  return new CodedError(
    "ERR_OPTION_DEFINED",
    `option "${name}" is defined twice; each name is defined in one place`,
  );
}
