/**
 * The options of this process, after tornado.options: one OptionParser that everybody shares.
 *
 *     import { defineOptions, parseCommandLine } from "landspout";
 *
 *     const options = defineOptions({
 *       port: { default: 8888, help: "port to listen on" },
 *       config: { metavar: "FILE", help: "file of options", callback: (file: string) => parseConfigFile(file) },
 *     });
 *     parseCommandLine();                 // --port=80, LANDSPOUT_PORT=80, or { "port": 80 } in the file
 *     app.listen(options.port);
 *
 * Here are also the options of the log: parseCommandLine() sets it up by logging, logFormat and logFile.
 */

import { logLevels } from "./log.ts";
import { configureLogging } from "./logsetup.ts";
import { type DefinedOption, OptionParser, type ParseOptions } from "./optionparser.ts";
import type {
  OptionDefinition,
  OptionDefinitions,
  OptionValueOf,
  OptionValues,
} from "./programoption.ts";

const parser = new OptionParser();

/** Tornado's spellings of levels, beside ours. */
const LEVELS = [...logLevels, "warning", "none"] as const;

const logOptions = parser.defineOptions({
  logging: {
    choices: LEVELS,
    default: "info",
    group: "Log",
    help: "the least grave messages that are logged; none leaves the log as it is",
  },
  logFormat: {
    choices: ["auto", "pretty", "json"],
    default: "auto",
    group: "Log",
    help: "pretty, or a line of JSON each; auto: pretty on a terminal",
  },
  logFile: {
    type: String,
    group: "Log",
    metavar: "FILE",
    help: "a file that is appended to, instead of stdout",
  },
});

parser.addParseCallback(() => {
  const { logging, logFormat, logFile } = logOptions;
  if (logging === "none") return;
  configureLogging({
    level: logging === "warning" ? "warn" : logging,
    format: logFormat,
    file: logFile,
  });
});

/**
 * Every option of the process by its name, in any spelling of it: `options.port`, `options["max-body-bytes"]`. Reading or
 * setting one that is not defined throws ERR_UNKNOWN_OPTION with the nearest name. What defineOptions() returns is typed.
 */
export const options: Record<string, unknown> = new Proxy<Record<string, unknown>>(
  {},
  {
    get: (_, name) => (isAsked(name) ? parser.get(name) : undefined),
    set: (_, name, value) => {
      parser.set(String(name), value);
      return true;
    },
    has: (_, name) => typeof name === "string" && parser.has(name),
    ownKeys: () => parser.items().map(([name]) => name),
    getOwnPropertyDescriptor: (_, name) =>
      isAsked(name) && parser.has(name)
        ? { enumerable: true, configurable: true, value: parser.get(name) }
        : undefined,
  },
);

/** Defines one option of the process. @see OptionParser.define() */
export function define<const Definition extends OptionDefinition>(
  name: string,
  definition: Definition,
): DefinedOption<OptionValueOf<Definition>> {
  return parser.define(name, definition);
}

/** Defines options of the process. @returns an object to read them from, typed. @see OptionParser.defineOptions() */
export function defineOptions<const Definitions extends OptionDefinitions>(
  definitions: Definitions,
): OptionValues<Definitions> {
  return parser.defineOptions(definitions);
}

/** Reads environment and command line, and sets up the log. @see OptionParser.parseCommandLine() */
export function parseCommandLine(args?: readonly string[], given?: ParseOptions): string[] {
  return parser.parseCommandLine(args, given);
}

/** Reads a file of options. @see OptionParser.parseConfigFile() */
export function parseConfigFile(file: string, given?: Pick<ParseOptions, "final">): void {
  parser.parseConfigFile(file, given);
}

/** Reads environment variables. @see OptionParser.parseEnvironment() */
export function parseEnvironment(
  env?: Readonly<Record<string, string | undefined>>,
  prefix?: string,
): void {
  parser.parseEnvironment(env, prefix);
}

/** Has `callback` run when the options of the process have been read. */
export function addParseCallback(callback: () => unknown): void {
  parser.addParseCallback(callback);
}

/** Prints what --help prints. */
export function printHelp(): void {
  parser.printHelp();
}

/** Names that are asked of any object: by await, by JSON.stringify(), by a console. */
function isAsked(name: string | symbol): name is string {
  return (
    typeof name === "string" &&
    (parser.has(name) || !/^(then|toJSON|constructor|inspect)$/.test(name))
  );
}
