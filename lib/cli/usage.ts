/** What the commands have in common: their one way to speak on stderr, and the error of being called wrongly. */
import { writeSync } from "node:fs";

const STDERR = 2;

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  /** What to do, put behind the message. */
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    super(message);
    this.hint = hint;
  }
}

/** Writes a line to stderr at once, so that it is there when the process ends in the next moment. */
export function say(text: string): void {
  try {
    writeSync(STDERR, `landspout: ${text}\n`);
  } catch {
    // A terminal that is gone, or a full pipe that does not block.
  }
}
