/**
 * The options of the commands that load an app: where to serve, how to log, and every option of HTTPServer under its name.
 *
 * Values come from --config, the environment (LANDSPOUT_PORT) and the command line. What follows `--` is the app's.
 */

import { OptionParser } from "../base/optionparser.ts";
import type { Option } from "../base/options.ts";
import type { OptionDefinition } from "../base/programoption.ts";
import { httpServerOptions } from "../server/httpserveroptions.ts";
import type { HTTPServerOptions, LoggingOptions } from "../index.ts";
import { UsageError } from "./usage.ts";

/** How an app is to be loaded and served. */
export interface ServeCommand {
  /** The app's module as it was given. */
  readonly file: string;
  /** What follows `--`. */
  readonly appArgs: readonly string[];
  readonly port: number;
  readonly address: string;
  /** A Unix socket to serve on instead; null = port and address. */
  readonly unix: string | null;
  readonly processes: number;
  readonly watch: readonly string[];
  readonly logging: LoggingOptions;
  readonly server: HTTPServerOptions;
}

/** What `--help` says a command's arguments are. */
const USAGES = {
  start: "landspout start FILE [options] [-- options of the app]",
  dev: "landspout dev FILE [options] [-- options of the app]",
} as const;

const SERVER_GROUP = "Server (as HTTPServer; docs/reference/options.md)";

/**
 * Reads the arguments of `start` or `dev`.
 *
 * @throws UsageError without a file, or with two; CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function serveCommand(name: keyof typeof USAGES, args: readonly string[]): ServeCommand {
  const parser = new OptionParser({ usage: USAGES[name] });
  const options = parser.defineOptions({
    port: {
      type: "integer",
      default: 8888,
      min: 0,
      max: 65_535,
      short: "p",
      help: "port; 0: any free one",
    },
    address: { default: "127.0.0.1", help: "address; 0.0.0.0: all of IPv4, :: all" },
    unix: { type: String, metavar: "PATH", help: "Unix socket to serve on instead of a port" },
    config: {
      type: String,
      metavar: "FILE",
      help: "file of options, JSON or a JavaScript module",
      callback: (file: string) => parser.parseConfigFile(file),
    },
  });
  const processes =
    name === "start"
      ? parser.define("processes", {
          type: "integer",
          default: 1,
          min: 0,
          max: 1024,
          help: "processes that serve; 0: one per CPU",
        })
      : null;
  const watch =
    name === "dev"
      ? parser.define("watch", {
          type: String,
          multiple: true,
          metavar: "PATH",
          help: "files and folders whose change restarts the app, too",
        })
      : null;
  const logging = parser.defineOptions({
    logging: {
      choices: ["debug", "info", "warn", "error", "silent"],
      default: "info",
      group: "Log",
      help: "least grave level",
    },
    logFormat: {
      choices: ["auto", "pretty", "json"],
      default: "auto",
      group: "Log",
      help: "auto: pretty on a terminal",
    },
    logFile: { type: String, metavar: "FILE", group: "Log", help: "instead of stdout" },
  });
  const server = parser.defineOptions(serverDefinitions());
  const [own, appArgs] = split(args);
  const [file, ...more] = parser.parseCommandLine(own);
  if (file === undefined) {
    const example = name === "dev" ? "app.ts" : "app.js";
    throw new UsageError(
      `landspout ${name} needs the file of an app: "landspout ${name} ${example}"`,
    );
  }
  if (more.length > 0) {
    throw new UsageError(
      `landspout ${name} takes one file; what is the app's follows "--": "landspout ${name} ${file} -- ${more.join(" ")}"`,
    );
  }
  return {
    file,
    appArgs,
    port: options.port,
    address: options.address,
    unix: options.unix,
    processes: processes?.value ?? 1,
    watch: watch?.value ?? [],
    logging: { level: logging.logging, format: logging.logFormat, file: logging.logFile },
    server: { ...server } as HTTPServerOptions,
  };
}

/** At the first "--". */
export function split(args: readonly string[]): [own: string[], appArgs: string[]] {
  const at = args.indexOf("--");
  return at === -1 ? [[...args], []] : [args.slice(0, at), args.slice(at + 1)];
}

/** Their types and defaults; their ranges HTTPServer looks at. */
function serverDefinitions(): Record<string, OptionDefinition> {
  const definitions: Record<string, OptionDefinition> = {};
  for (const [name, option] of Object.entries(httpServerOptions)) {
    const type = typeOf(option);
    if (type !== null)
      definitions[name] = { ...type, default: option.default, group: SERVER_GROUP };
  }
  return definitions;
}

function typeOf({ type, allowed }: Option<unknown>): OptionDefinition | null {
  if (type === "integer") return { type: "integer", help: allowed.replace(/^an integer /, "") };
  if (type === "boolean") return { type: Boolean };
  if (type === "string") return { type: String };
  if (type === "one of") return { type: String, help: allowed.replaceAll('"', "") };
  return type === "list" ? { type: String, multiple: true } : null;
}
