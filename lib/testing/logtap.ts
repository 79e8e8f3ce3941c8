/**
 * LogTap: hears the lines of the log before its logger does, and may keep them from it. expectLog() and captureLog() have one
 * each while they run.
 *
 * Taps are a pile: a line goes from the newest to the oldest until one takes it, and else to the logger that was there
 * before. One logger stands in for that one while there are taps; whoever sets another meanwhile keeps it.
 */
import {
  type AccessEntry,
  type LogFields,
  type Logger,
  type LogLevel,
  logLevel,
  logLevels,
  setLogger,
  setLogLevel,
} from "../base/log.ts";

/** How grave a line is. */
export type LineLevel = Exclude<LogLevel, "silent">;

/** One line of the log. */
export interface LogLine {
  readonly level: LineLevel;
  readonly message: string;
  /** What was thrown, or is told beside the message; undefined = nothing. */
  readonly error: unknown;
}

/** A line, and how it goes on if nobody takes it. */
interface Passing {
  readonly line: LogLine;
  pass(logger: Logger): void;
}

const taps: LogTap[] = [];
/** To whom lines go that nobody takes; the default one until the first tap. */
let beneath: Logger | null = null;
/** The log's level without taps; null = there are none. */
let levelBefore: LogLevel | null = null;

const rank = (level: LogLevel): number => logLevels.indexOf(level);

export class LogTap {
  /** Lines that were taken. */
  readonly lines: LogLine[] = [];
  readonly #level: LogLevel | null;
  readonly #takes: (line: LogLine) => boolean;
  readonly #taken: Passing[] = [];

  /**
   * Begins to hear.
   *
   * @param level the least grave that is to be heard, whatever the log's level; null = the log's level
   * @param takes whether a line is kept from the others
   */
  constructor(level: LogLevel | null, takes: (line: LogLine) => boolean) {
    this.#level = level;
    this.#takes = takes;
    taps.push(this);
    if (levelBefore === null) {
      levelBefore = logLevel();
      const logger = setLogger(tapped);
      // Somebody has put back what was the logger while there were taps.
      if (logger !== tapped) beneath = logger;
    }
    setLevel();
  }

  /** Hears no more. Again: nothing happens. */
  close(): void {
    const at = taps.indexOf(this);
    if (at === -1) return;
    taps.splice(at, 1);
    setLevel();
    if (taps.length > 0) return;
    levelBefore = null;
    const current = setLogger(beneath);
    if (current === tapped) return;
    // A test has set one of its own, and not put the old one back.
    setLogger(current);
    beneath = current;
  }

  /** Gives what was taken to those that it was kept from, if they listen to such; after close(). */
  release(): void {
    for (const passing of this.#taken.splice(0)) hear(passing);
  }

  /** @internal */
  static takenBy(tap: LogTap, passing: Passing): boolean {
    const { line } = passing;
    if (rank(line.level) < rank(tap.#level ?? levelBefore ?? "debug")) return false;
    if (!tap.#takes(line)) return false;
    tap.lines.push(line);
    tap.#taken.push(passing);
    return true;
  }

  /** @internal */
  static levelOf(tap: LogTap): LogLevel | null {
    return tap.#level;
  }
}

/** Stands in for the logger while there are taps. */
const tapped: Logger = {
  debug: (message, error, fields) => hearText("debug", message, error, fields),
  info: (message, error, fields) => hearText("info", message, error, fields),
  warn: (message, error, fields) => hearText("warn", message, error, fields),
  error: (message, error, fields) => hearText("error", message, error, fields),
  access(level, text, entry: AccessEntry) {
    const pass = (logger: Logger): void => {
      if (logger.access === undefined) logger[level](text);
      else logger.access(level, text, entry);
    };
    hear({ line: { level, message: text, error: undefined }, pass });
  },
};

function hearText(level: LineLevel, message: string, error: unknown, fields?: LogFields): void {
  const line = { level, message, error };
  hear({ line, pass: (logger) => logger[level](message, error, fields) });
}

function hear(passing: Passing): void {
  for (const tap of [...taps].reverse()) {
    if (LogTap.takenBy(tap, passing)) return;
  }
  const { level } = passing.line;
  if (beneath !== null && rank(level) >= rank(levelBefore ?? logLevel())) passing.pass(beneath);
}

/** The log lets through what the logger or a tap wants. */
function setLevel(): void {
  if (levelBefore === null) return;
  let least = levelBefore;
  for (const tap of taps) {
    const level = LogTap.levelOf(tap);
    if (level !== null && rank(level) < rank(least)) least = level;
  }
  setLogLevel(least);
}
