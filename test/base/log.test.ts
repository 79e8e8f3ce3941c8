/** The log: levels, a logger in its place, the layout of a line. */
import { execFile } from "node:child_process";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError, HTTPInputError } from "../../lib/base/errors.ts";
import {
  formatLine,
  type Logger,
  type LogLevel,
  log,
  logLevel,
  setLogger,
  setLogLevel,
} from "../../lib/base/log.ts";

const VERBS = ["debug", "info", "warn", "error"] as const;

/** Calls every verb at `level`. @returns the verbs that reached the logger */
function heardAt(level: LogLevel): string[] {
  const heard: string[] = [];
  const recorder = Object.fromEntries(
    VERBS.map((verb) => [verb, (message: string) => heard.push(`${verb} ${message}`)]),
  ) as unknown as Logger;
  const loggerBefore = setLogger(recorder);
  const levelBefore = setLogLevel(level);
  try {
    for (const verb of VERBS) log[verb]("m");
  } finally {
    setLogLevel(levelBefore);
    setLogger(loggerBefore);
  }
  return heard;
}

const levels = suite("the level of the log");

levels("lets through what is as grave or graver", () => {
  assert.equal(heardAt("debug"), ["debug m", "info m", "warn m", "error m"]);
  assert.equal(heardAt("info"), ["info m", "warn m", "error m"]);
  assert.equal(heardAt("warn"), ["warn m", "error m"]);
  assert.equal(heardAt("error"), ["error m"]);
  assert.equal(heardAt("silent"), []);
});

levels("is one of the list", () => {
  const before = logLevel();
  assert.throws(
    () => setLogLevel("warning" as LogLevel),
    (error: unknown) => error instanceof CodedError && /did you mean warn\?/.test(error.message),
  );
  assert.throws(() => setLogLevel(3 as unknown as LogLevel), /debug, info/);
  assert.is(logLevel(), before);
});

levels.run();

const loggers = suite("a logger");

loggers("gets message and error as they are", () => {
  const got: unknown[] = [];
  const nothing = () => {};
  const error = new Error("e");
  const before = setLogger({
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (message, error) => got.push(message, error),
  });
  log.error("failed", error);
  setLogger(before);
  assert.equal(got, ["failed", error]);
});

loggers("has all four verbs", () => {
  assert.throws(
    () => setLogger({ info() {} } as unknown as Logger),
    (error: unknown) => error instanceof CodedError && error.code === "ERR_ARGUMENT_TYPE",
  );
});

loggers("writes to descriptor 2 by default", async () => {
  const url = new URL("../../lib/base/log.js", import.meta.url).href;
  const program = `
    const { log, setLogger, setLogLevel } = await import(${JSON.stringify(url)});
    setLogger(null); setLogLevel("debug");
    log.debug("one"); log.info("two"); log.warn("three"); log.error("four", new Error("five"));`;
  const stderr = await new Promise<string>((resolve, reject) => {
    const args = ["--input-type=module", "-e", program];
    execFile(process.execPath, args, (error, _stdout, text) =>
      error ? reject(error) : resolve(text),
    );
  });
  const words = stderr.split("\n").slice(0, 5);
  assert.match(
    words.join("\n"),
    /^\S+Z debug one\n\S+Z info two\n\S+Z warn three\n\S+Z error four\n {4}Error: five/,
  );
});

loggers.run();

const layout = suite("a line of the log");

layout("has time, level and message", () => {
  assert.is(formatLine(0, "info", "hello"), "1970-01-01T00:00:00.000Z info hello\n");
});

layout("cannot be forged by what a peer sent", () => {
  assert.is(
    formatLine(0, "info", "a\r\n\x1b[2Jb\x9b"),
    "1970-01-01T00:00:00.000Z info a\\x0d\\x0a\\x1b[2Jb\\x9b\n",
  );
  const error = new HTTPInputError(400, "ERR_HTTP_SYNTAX", "x\ny");
  assert.match(formatLine(0, "info", "a", error), /a: ERR_HTTP_SYNTAX: x\\x0ay\n$/);
});

layout("tells code and stack of a fault of ours, and its causes", () => {
  const error = new CodedError("ERR_STATE", "late", {
    cause: new Error("first", { cause: "odd" }),
  });
  const text = formatLine(0, "error", "a", error);
  assert.match(text, /a\n {4}\[ERR_STATE\] CodedError: late\n {8}at /);
  assert.match(text, /\n {4}caused by Error: first\n/);
  assert.match(text, /\n {4}caused by "odd"\n$/);
});

layout("ends although the causes of an error are a ring", () => {
  const error = new Error("ring");
  error.cause = error;
  assert.is(formatLine(0, "error", "a", error).split("Error: ring").length, 5);
});

layout("names what was thrown and is no error", () => {
  assert.match(formatLine(0, "warn", "a", { b: 1 }), /a: an object\n$/);
});

layout.run();
