/** The arguments of IOStream's reads: what may be given, checked before anything has happened. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

export interface PartialOptions {
  /** Be content with less, as soon as there is a byte. Default: false. */
  readonly partial?: boolean | undefined;
}

export interface UntilOptions {
  /** Most bytes of the result, what is waited for included. Default: maxBufferBytes of the stream. */
  readonly maxBytes?: number | undefined;
}

/** @throws CodedError ERR_ARGUMENT_RANGE if it cannot be read in one piece */
export function readSizeOf(bytes: number, maxBufferBytes: number): number {
  if (Number.isInteger(bytes) && bytes >= 0 && bytes <= maxBufferBytes) return bytes;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `readBytes() of ${describe(bytes)}; allowed is an integer from 0 to maxBufferBytes, ${maxBufferBytes}`,
  );
}

/** @throws CodedError ERR_ARGUMENT_TYPE, ERR_UNKNOWN_OPTION */
export function isPartial(options: PartialOptions): boolean {
  checkNames(options, "partial");
  const { partial = false } = options;
  if (typeof partial === "boolean") return partial;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `partial is ${describe(partial)}; allowed is true or false`,
  );
}

/** @throws CodedError ERR_ARGUMENT_RANGE, ERR_UNKNOWN_OPTION */
export function maxBytesOf(options: UntilOptions): number {
  checkNames(options, "maxBytes");
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  if (typeof maxBytes === "number" && maxBytes > 0) return maxBytes;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `maxBytes is ${describe(maxBytes)}; allowed is a number above 0`,
  );
}

let lastText = "\n";
let lastBytes = Buffer.from(lastText);

/** @throws CodedError ERR_ARGUMENT_TYPE if it is neither bytes nor text, or empty */
export function delimiterOf(delimiter: string | Uint8Array): Uint8Array {
  const isText = typeof delimiter === "string";
  if ((!isText && !(delimiter instanceof Uint8Array)) || delimiter.length === 0) {
    throw new CodedError(
      "ERR_ARGUMENT_TYPE",
      `the delimiter is ${describe(delimiter)}; allowed is a string or a Uint8Array that is not empty`,
    );
  }
  if (!isText) return delimiter;
  if (delimiter !== lastText) {
    lastText = delimiter;
    lastBytes = Buffer.from(delimiter);
  }
  return lastBytes;
}

/** A limit that is misspelled would be none. */
function checkNames(options: object, allowed: string): void {
  for (const name in options) {
    if (name === allowed) continue;
    throw new CodedError(
      "ERR_UNKNOWN_OPTION",
      `a read of this kind has no option ${describe(name)}; it has ${allowed}`,
    );
  }
}
