/** How many descriptors a loop has to reckon with. IOLoop asks once. */
import { readFileSync } from "node:fs";
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** Most descriptors of a loop if the kernel's own limit is higher or unknown. */
const MOST_DESCRIPTORS = 1024 * 1024;
const FEWEST_DESCRIPTORS = 1024;

/** Descriptors this process may have, within reason: it sizes arrays of 20 bytes each, of untouched memory. */
export function descriptorLimit(): number {
  return Math.max(FEWEST_DESCRIPTORS, Math.min(MOST_DESCRIPTORS, openFilesLimit()));
}

/** The kernel's limit: the hard one, to which Node.js raises the other when it starts. */
export function openFilesLimit(): number {
  const limits = readFileSync("/proc/self/limits", "latin1");
  const hard = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? MOST_DESCRIPTORS);
  if (!Number.isFinite(hard)) throw new CodedError("ERR_STATE", `cannot read ${describe(limits)}`);
  return hard;
}
