/** Reads a file of options: JSON, or a JavaScript module. OptionParser.parseConfigFile() calls it. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { describe } from "./describe.ts";
import { CodedError } from "./errors.ts";

/** What a file says. */
export interface OptionFile {
  readonly values: Readonly<Record<string, unknown>>;
  /** Every name has to be that of an option: a module may have exports of its own. */
  readonly isStrict: boolean;
}

/**
 * @param file absolute, or relative to the working directory; .json, or what Node.js can require(): .js, .mjs, .cjs
 * @throws CodedError ERR_OPTION_FILE if it cannot be read or run, or holds no object
 */
export function readOptionFile(file: string): OptionFile {
  if (!existsSync(file)) {
    throw new CodedError("ERR_OPTION_FILE", `there is no file of options ${file}`);
  }
  const isModule = /\.[cm]?[jt]s$/.test(file);
  const values = isModule ? exportsOf(file) : jsonOf(file);
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new CodedError(
      "ERR_OPTION_FILE",
      `the options of ${file} are ${describe(values)}; allowed is an object with the options by name`,
    );
  }
  return { values: values as Record<string, unknown>, isStrict: !isModule };
}

function jsonOf(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, cause);
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CodedError("ERR_OPTION_FILE", `${file} is not JSON: ${why}`, { cause });
  }
}

/** Node.js requires ES modules, too, but for those with a top-level await. */
function exportsOf(file: string): unknown {
  const absolute = path.resolve(file);
  try {
    const found: unknown = createRequire(absolute)(absolute);
    const isObject = typeof found === "object" && found !== null;
    return isObject && "default" in found ? found.default : found;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
  return new CodedError("ERR_OPTION_FILE", `the options of ${file} cannot be read: ${why}`, {
    cause,
  });
}
