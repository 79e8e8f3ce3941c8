/**
 * Sets up the log of a program: the level, where it goes, and how a line looks. parseCommandLine() and the command
 * `landspout` call it; a program may, too.
 *
 *     configureLogging();                                  // stdout: pretty on a terminal, else JSON; from info on
 *     configureLogging({ level: "warn", format: "json", file: "/var/log/app.log" });
 *     setLogger(pinoLogger(pino({ name: "shop" })));       // a pino of one's own
 *
 * JSON is written by pino, and both by its SonicBoom: in the background, and what waits at the end of the process is written
 * then. Neither is loaded before the first call.
 */
import { createRequire } from "node:module";
import type * as Pino from "pino";
import { describe } from "./describe.ts";
import { HTTPInputError } from "./errors.ts";
import {
  type AccessEntry,
  type LogFields,
  type Logger,
  type LogLevel,
  logLevels,
  setLogger,
  setLogLevel,
} from "./log.ts";
import { type Input, oneOf, options, resolve, string } from "./options.ts";
import { prettyLine } from "./prettylog.ts";

const STDOUT = 1;

/** Most characters that wait for a slow reader; lines that come then are dropped. */
const MOST_QUEUED = 4 * 1024 * 1024;

export const loggingOptions = options({
  /** The least grave level that is logged. */
  level: oneOf({ values: logLevels, default: "info" }),
  /** "pretty": Tornado's lines; "json": one object a line; "auto": pretty on a terminal, else JSON. */
  format: oneOf({ values: ["auto", "pretty", "json"], default: "auto" }),
  /** A file that is appended to, and its folder made; null = stdout. */
  file: string({ default: null }),
});
export type LoggingOptions = Input<typeof loggingOptions>;

/** A pino logger, as far as it is needed. */
export interface PinoLike {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What was opened by the last call, to be closed by the next. */
let opened: (Pino.DestinationStream & { end?: () => void }) | null = null;

/**
 * Makes the log of this process one to stdout or to a file, from a level on.
 *
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 * @returns the logger until now, as setLogger()
 */
export function configureLogging(given: LoggingOptions = {}): Logger {
  const { level, format, file } = resolve("configureLogging()", loggingOptions, given);
  const isTerminal = file === null && process.stdout.isTTY === true;
  const { pino, destination } = loadPino();
  const stream = destination({
    dest: file ?? STDOUT,
    sync: false,
    mkdir: true,
    maxLength: MOST_QUEUED,
  });
  // A disk that is full, or a reader that is gone, is no reason to end; there is nobody to tell.
  stream.on("error", () => {});
  const isPretty = format === "pretty" || (format === "auto" && isTerminal);
  const logger = isPretty
    ? prettyLogger(stream, isTerminal && (process.env.NO_COLOR ?? "") === "")
    : pinoLogger(
        pino(
          {
            level: "trace",
            base: { pid: process.pid },
            timestamp: isoTime,
            formatters: { level: (label: string) => ({ level: label }) },
          },
          stream,
        ),
      );
  const before = setLogger(logger);
  setLogLevel(level);
  opened?.end?.();
  opened = stream;
  return before;
}

/**
 * Makes a Logger of a pino logger: errors under `err` (of a peer's fault code and message alone), the access log in parts.
 *
 * Levels below the one of setLogLevel() do not come this far.
 */
export function pinoLogger(pino: PinoLike): Logger {
  const verb =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, error?: unknown, fields?: LogFields): void =>
      pino[level](error === undefined ? { ...fields } : { ...fields, ...told(error) }, message);
  return {
    debug: verb("debug"),
    info: verb("info"),
    warn: verb("warn"),
    error: verb("error"),
    access: (level, text, { requestId, status, method, uri, remoteIp, ms }: AccessEntry) =>
      pino[level](
        { requestId, status, method, uri, remoteIp, ms: Math.round(ms * 100) / 100 },
        text,
      ),
  };
}

function prettyLogger(stream: { write(line: string): unknown }, isColoured: boolean): Logger {
  const verb =
    (level: Exclude<LogLevel, "silent">) =>
    (message: string, error?: unknown): void =>
      void stream.write(prettyLine(new Date(), level, message, error, isColoured));
  return { debug: verb("debug"), info: verb("info"), warn: verb("warn"), error: verb("error") };
}

function told(error: unknown): object {
  if (error instanceof HTTPInputError) return { code: error.code, reason: error.message };
  return { err: error instanceof Error ? error : describe(error) };
}

function isoTime(): string {
  return `,"time":"${new Date().toISOString()}"`;
}

function loadPino(): typeof Pino {
  return createRequire(import.meta.url)("pino") as typeof Pino;
}
