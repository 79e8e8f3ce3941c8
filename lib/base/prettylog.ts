/** Lines of the log for people, as Tornado's LogFormatter lays them out: `[I 260131 12:00:00.250] message`. */
import { escaped, formatError, type LogLevel } from "./log.ts";

/** Escape sequences of terminals. @see console_codes(4) */
const colours = {
  debug: "\x1b[34m",
  info: "\x1b[32m",
  warn: "\x1b[33m",
  error: "\x1b[31m",
} as const;
const PLAIN = "\x1b[0m";

/**
 * @param at         shown in local time, to the ms
 * @param error      follows the message, as formatLine() of log.ts has it
 * @param isColoured the head has the colour of its level
 * @returns the text with its final newline; control characters of a peer's are escaped
 */
export function prettyLine(
  at: Date,
  level: Exclude<LogLevel, "silent">,
  message: string,
  error: unknown,
  isColoured: boolean,
): string {
  const date = `${two(at.getFullYear() % 100)}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const ms = String(at.getMilliseconds()).padStart(3, "0");
  const head = `[${level.charAt(0).toUpperCase()} ${date} ${time}.${ms}]`;
  const shown = isColoured ? `${colours[level]}${head}${PLAIN}` : head;
  return `${shown} ${escaped(message)}${error === undefined ? "" : formatError(error)}\n`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
