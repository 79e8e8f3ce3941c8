/**
 * The log: four verbs, a level, and a logger that can be replaced.
 *
 *     log.info("refused a request", error);
 *     setLogger(mine);              // anything with debug, info, warn and error
 *     setLogLevel("info");
 *
 * Every floor logs through `log`. Faults of a peer are logged at info by their message alone;
 * faults of ours with their stack. The default logger writes lines to descriptor 2 and never blocks
 * the process: a reader of stderr that has stopped costs lines, which are counted, and never a
 * stalled server.
 */

import { describe } from "./describe.ts";
import { CodedError, HTTPInputError } from "./errors.ts";
import { nearestName } from "./levenshtein.ts";
import { LineWriter } from "./linewriter.ts";

/** How grave a message is, the least grave first; "silent" as a level lets none through. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

const ranks = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** One of logLevels. */
export type LogLevel = (typeof logLevels)[number];

/** What belongs to a message besides its error, for loggers that keep such apart, as JSON does. */
export interface LogFields {
  /** The `id` of the request that the message is about. */
  readonly requestId?: string;
}

/** A response that was sent, as the access log tells it. */
export interface AccessEntry {
  readonly status: number;
  readonly method: string;
  /** As it was sent. */
  readonly uri: string;
  readonly remoteIp: string;
  /** From the end of the request's head to the end of the response. */
  readonly ms: number;
  /** The request's id; made when it is first asked for. */
  readonly requestId: string;
}

/**
 * What messages are given to. A verb that throws is the fault of the logger and surfaces where log
 * was called.
 */
export interface Logger {
  debug(message: string, error?: unknown, fields?: LogFields): void;
  info(message: string, error?: unknown, fields?: LogFields): void;
  warn(message: string, error?: unknown, fields?: LogFields): void;
  error(message: string, error?: unknown, fields?: LogFields): void;
  /**
   * Takes a line of the access log in parts. Without it, the verb of the level gets the text.
   *
   * @param text the line, as `200 GET / (127.0.0.1) 0.52ms`
   */
  access?(level: "info" | "warn" | "error", text: string, entry: AccessEntry): void;
}

const STDERR = 2;

/** Most bytes that wait for a slow reader of stderr. */
const MOST_QUEUED_BYTES = 1024 * 1024;

/**
 * Below this a message is not passed on. Server errors and warnings are heard by default, peers'
 * slips are not.
 */
let threshold = logLevels.indexOf("warn");

let stderr: LineWriter | null = null;

const defaultLogger: Logger = {
  debug: (message, error) => writeToStderr("debug", message, error),
  info: (message, error) => writeToStderr("info", message, error),
  warn: (message, error) => writeToStderr("warn", message, error),
  error: (message, error) => writeToStderr("error", message, error),
};

let logger = defaultLogger;

/** Passes messages of the set level and above to the logger. */
export const log: Logger = {
  debug(message, error, fields) {
    if (threshold <= 0) logger.debug(message, error, fields);
  },
  info(message, error, fields) {
    if (threshold <= 1) logger.info(message, error, fields);
  },
  warn(message, error, fields) {
    if (threshold <= 2) logger.warn(message, error, fields);
  },
  error(message, error, fields) {
    if (threshold <= 3) logger.error(message, error, fields);
  },
};

/**
 * Logs a response: below 400 at info, below 500 at warn, else at error, as `200 GET / (127.0.0.1) 0.52ms`.
 *
 * Only for levels that are kept: ask logs(accessLevel(status)) first, so that nothing is put together in vain.
 */
export function logAccess(entry: AccessEntry): void {
  const level = accessLevel(entry.status);
  if (!logs(level)) return;
  const { status, method, uri, remoteIp, ms } = entry;
  const text = `${status} ${method} ${uri} (${remoteIp}) ${ms.toFixed(2)}ms`;
  if (logger.access === undefined) logger[level](text);
  else logger.access(level, text, entry);
}

/** The level at which the access log tells a status. */
export function accessLevel(status: number): "info" | "warn" | "error" {
  return status < 400 ? "info" : status < 500 ? "warn" : "error";
}

/**
 * Replaces the logger of this process (of this thread, in a worker).
 *
 * @param replacement null = the default one, which writes to descriptor 2
 * @returns the logger until now, so that a test can put it back
 * @throws CodedError ERR_ARGUMENT_TYPE if a verb is missing
 */
export function setLogger(replacement: Logger | null): Logger {
  const before = logger;
  const next = replacement ?? defaultLogger;
  for (const verb of ["debug", "info", "warn", "error"] as const) {
    if (typeof next[verb] === "function") continue;
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the logger's ${verb} is ${describe(next[verb])}; a logger has functions debug, info, warn and error`,
    );
  }
  logger = next;
  return before;
}

/**
 * Sets the least grave level that is passed on; "warn" until this is called.
 *
 * @returns the level until now
 * @throws CodedError ERR_ARGUMENT_RANGE if `level` is not one of logLevels
 */
export function setLogLevel(level: LogLevel): LogLevel {
  const index = logLevels.indexOf(level);
  if (index === -1) {
    const nearest = nearestName(String(level), logLevels) ?? logLevels.join(", ");
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the log level is ${describe(level)}; did you mean ${nearest}?`,
    );
  }
  const before = logLevel();
  threshold = index;
  return before;
}

/** The least grave level that is passed on. */
export function logLevel(): LogLevel {
  return logLevels[threshold] ?? "warn";
}

/** Tells whether messages of a level are kept, so that nobody puts one together in vain. */
export function logs(level: LogLevel): boolean {
  return ranks[level] >= threshold;
}

/**
 * Lays a message out as the default logger does: `2026-01-31T12:00:00.000Z warn message`, then the
 * error on lines of its own, indented.
 *
 * What may come from a peer cannot forge a line or move a terminal's cursor: control characters are
 * escaped.
 *
 * @param atMs when, in ms since 1970
 * @param error of a peer's fault only code and message are told, of any other its stack and causes
 * @returns the text with its final newline
 */
export function formatLine(
  atMs: number,
  level: LogLevel,
  message: string,
  error?: unknown,
): string {
  const head = `${new Date(atMs).toISOString()} ${level} ${escaped(message)}`;
  return error === undefined ? `${head}\n` : `${head}${formatError(error)}\n`;
}

/** Lays out what formatLine puts behind a message: `: ` and a text of one line, or an indented stack. */
export function formatError(error: unknown): string {
  if (error instanceof HTTPInputError) return `: ${error.code}: ${escaped(error.message)}`;
  if (!(error instanceof Error)) return `: ${describe(error)}`;
  let text = "";
  let current: unknown = error;
  // A chain of causes may be a ring; nobody reads past the fourth.
  for (let depth = 0; depth < 4 && current !== undefined; depth++) {
    const stack = current instanceof Error ? (current.stack ?? String(current)) : describe(current);
    const code = current instanceof CodedError ? `[${current.code}] ` : "";
    text += `\n    ${depth === 0 ? "" : "caused by "}${code}`;
    text += stack.split("\n").map(escaped).join("\n    ");
    current = current instanceof Error ? current.cause : undefined;
  }
  return text;
}

/** Makes control characters visible. */
export function escaped(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through
    /[\x00-\x1f\x7f-\x9f]/g,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

/** @internal Bytes of lines that wait to be written to stderr: whoever ends the process waits a moment for them. */
export function pendingLogBytes(): number {
  return stderr?.queuedBytes ?? 0;
}

function writeToStderr(level: LogLevel, message: string, error: unknown): void {
  // Made when first needed: importing this file opens and allocates nothing.
  stderr ??= new LineWriter({ fd: STDERR, maxQueuedBytes: MOST_QUEUED_BYTES });
  stderr.writeLine(formatLine(Date.now(), level, message, error));
}
