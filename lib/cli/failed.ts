/** What is said when a command has failed, and the exit code: the one place where errors of all kinds end. */
import { CodedError } from "../base/errors.ts";
import { AppFault } from "./loadshown.ts";
import { portOwner } from "./portowner.ts";
import { say, UsageError } from "./usage.ts";

const COULD_NOT = 1;
export const WRONG_USAGE = 2;

/** Errors of options: the command was called wrongly. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "ERR_UNKNOWN_OPTION",
  "ERR_OPTION_TYPE",
  "ERR_OPTION_RANGE",
]);

/** Says what went wrong. @returns the exit code */
export function failed(error: unknown): number {
  if (error instanceof UsageError) {
    say(`${error.message}${error.hint === null ? "" : `; ${error.hint}`}`);
    return WRONG_USAGE;
  }
  if (error instanceof AppFault) {
    say(error.message);
    return COULD_NOT;
  }
  if (!isCoded(error)) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return COULD_NOT;
  }
  say(`${error.message}${error.code === "EADDRINUSE" ? portOwner(error.message) : ""}`);
  return USAGE_CODES.has(error.code) ? WRONG_USAGE : COULD_NOT;
}

/** The application may have a copy of landspout of its own, with a class CodedError of its own. */
function isCoded(error: unknown): error is CodedError {
  if (error instanceof CodedError) return true;
  return error instanceof Error && /^(CodedError|SystemError)$/.test(error.name) && "code" in error;
}
