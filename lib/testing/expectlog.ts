/**
 * What a test expects of the log: expectLog(), after Tornado's ExpectLog, and captureLog(), in the sense of its
 * LogTrapTestCase.
 *
 *     await expectLog(/Uncaught exception GET \/broken/, () => inject(app, "/broken"));
 *     const { lines } = await captureLog(() => inject(app, "/"), { level: "debug" });
 *
 * The log is one for the process: tests that run at the same time hear each other's lines.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { boolean, type Input, oneOf, options, resolve } from "../base/options.ts";
import { type LineLevel, type LogLine, LogTap } from "./logtap.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;

export const expectLogOptions = options({
  /** The level that the line must have; those of that level are heard even if the log's level leaves them out. null = any that the log lets through. */
  level: oneOf({ values: LEVELS, default: null }),
  /** It is an error if no line matches. */
  required: boolean({ default: true }),
});
export type ExpectLogOptions = Input<typeof expectLogOptions>;

export const captureLogOptions = options({
  /** The least grave level that is heard, whatever the log's level; null = the log's. */
  level: oneOf({ values: LEVELS, default: null }),
});
export type CaptureLogOptions = Input<typeof captureLogOptions>;

/** What has become of an expectation. */
export interface ExpectedLog<T> {
  /** What the function has returned. */
  readonly value: T;
  /** A line matched. */
  readonly matched: boolean;
  /** Among the lines that matched is one with an error and its stack. */
  readonly loggedStack: boolean;
  /** Those that matched. */
  readonly lines: readonly LogLine[];
}

/** What was logged while a function ran. */
export interface CapturedLog<T> {
  /** What the function has returned. */
  readonly value: T;
  readonly lines: readonly LogLine[];
}

/**
 * Expects that a line is logged while `run` runs. Lines that match are kept from the logger.
 *
 * @param pattern found anywhere in the message
 * @returns rejects with CodedError ERR_TEST_LOG if no line matched; with what `run` throws
 * @throws CodedError ERR_ARGUMENT_TYPE, ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export async function expectLog<T>(
  pattern: RegExp | string,
  run: () => T | Promise<T>,
  given: ExpectLogOptions = {},
): Promise<ExpectedLog<T>> {
  const { level, required } = resolve("expectLog()", expectLogOptions, given);
  if (typeof pattern !== "string" && !(pattern instanceof RegExp)) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the pattern is ${describe(pattern)}; allowed are a RegExp and a string`,
    );
  }
  const others: LogLine[] = [];
  const tap = new LogTap(level, (line) => {
    const isMatch = (level === null || line.level === level) && isIn(pattern, line.message);
    if (!isMatch) others.push(line);
    return isMatch;
  });
  let value: T;
  try {
    value = await run();
  } finally {
    tap.close();
  }
  const { lines } = tap;
  const matched = lines.length > 0;
  if (required && !matched) throw missing(pattern, level, others);
  return { value, matched, loggedStack: lines.some(({ error }) => error instanceof Error), lines };
}

/**
 * Keeps what is logged while `run` runs. If `run` throws, the logger gets it after all, so that a test that fails tells what
 * it logged and one that passes is silent.
 *
 * @returns rejects with what `run` throws
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export async function captureLog<T>(
  run: () => T | Promise<T>,
  given: CaptureLogOptions = {},
): Promise<CapturedLog<T>> {
  const { level } = resolve("captureLog()", captureLogOptions, given);
  const tap = new LogTap(level, () => true);
  try {
    const value = await run();
    tap.close();
    return { value, lines: tap.lines };
  } catch (error) {
    tap.close();
    tap.release();
    throw error;
  }
}

/** A pattern with the flag g or y would begin where it has ended. */
function isIn(pattern: RegExp | string, message: string): boolean {
  if (typeof pattern === "string") return message.includes(pattern);
  pattern.lastIndex = 0;
  return pattern.test(message);
}

function missing(
  pattern: RegExp | string,
  level: LineLevel | null,
  others: readonly LogLine[],
): CodedError {
  const at = level === null ? "" : ` at level ${level}`;
  const heard =
    others.length === 0
      ? 'nothing was logged that the log lets through; give a level, { level: "info" }, to hear more'
      : `logged was ${others.map(({ level: its, message }) => `${its} ${JSON.stringify(message)}`).join(", ")}`;
  return new CodedError("ERR_TEST_LOG", `no line of the log has ${pattern}${at}; ${heard}`);
}
