/**
 * Arguments of a request as a handler wants them: decoded, cleaned, the last of several or all.
 *
 * RequestHandler.getArgument and its family call these; path arguments are decoded here, too.
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { type Arguments, percentDecode } from "../http/forms.ts";
import type { PathArgs, PathKwargs } from "./routing.ts";

/** How argument values are cleaned. */
export interface ArgumentOptions {
  /** Take white space off both ends. Default true. */
  readonly strip?: boolean;
}

/** Turns the bytes of one value into text; RequestHandler.decodeArgument. */
export type ArgumentDecoder = (bytes: Buffer, name: string | null) => string;

/** Who decodes the groups of a path: a handler. */
export interface GroupDecoder {
  /** decodeArgument is the user's own, which must see every value. */
  readonly hasOwnDecoder: boolean;
  decodeArgument(bytes: Buffer, name: string | null): string;
}

const PERCENT = 0x25;
const LAST_ASCII = 0x7f;

/** Controls other than tab, line feed, vertical tab, form feed and carriage return become spaces, as in Tornado. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0e-\x1f]/g;

const SPACES = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const PADDING_BEFORE = new RegExp(`^[${SPACES}]+`);
/** One that is looked for from each end of a run only: no run is walked more than twice. */
const PADDING_BEHIND = new RegExp(`(?<![${SPACES}])[${SPACES}]+$`);

/**
 * All values of an argument, in order; [] if there are none.
 *
 * @throws CodedError ERR_ARGUMENT_TYPE for options that are none: `getArgument(name, fallback, false)`
 */
export function readArguments(
  from: Arguments,
  name: string,
  decode: ArgumentDecoder,
  options?: ArgumentOptions,
): string[] {
  const strip = options === undefined || wantsStrip(name, options);
  const values = from.get(name);
  if (values === undefined) return [];
  return values.map((raw) => {
    const text = decode(Buffer.from(raw, "latin1"), name).replace(CONTROLS, " ");
    return strip ? stripped(text) : text;
  });
}

function wantsStrip(name: string, options: ArgumentOptions): boolean {
  const strip: unknown = typeof options === "object" ? (options?.strip ?? true) : null;
  if (typeof strip === "boolean") return strip;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `the options for argument ${quote(name)} are ${describe(options)}; allowed is an object: { strip: false }`,
  );
}

/** Takes off what Python's str.strip() does: NEL is white space there and in Unicode, U+FEFF is not. */
function stripped(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length !== text.length || text.includes("\u0085")) {
    return text.replace(PADDING_BEFORE, "").replace(PADDING_BEHIND, "");
  }
  return trimmed;
}

/**
 * Percent-decodes one group of a path; "+" stays.
 *
 * @hot bench/run.mjs: once per group of a path; one that is plain ASCII is its own decoding in every encoding that
 *   extends ASCII, and only a decoder of the user's is asked about it.
 */
export function decodeGroup(group: string, name: string | null, decoder: GroupDecoder): string {
  if (!decoder.hasOwnDecoder && isPlain(group)) return group;
  return decoder.decodeArgument(Buffer.from(percentDecode(group), "latin1"), name);
}

/** Percent-decodes the positional groups of a path; the same array if there is nothing to decode. */
export function decodePathArgs(groups: PathArgs, decoder: GroupDecoder): PathArgs {
  let decoded: (string | undefined)[] | null = null;
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i];
    if (group === undefined) continue;
    const text = decodeGroup(group, null, decoder);
    if (text === group) continue;
    decoded ??= [...groups];
    decoded[i] = text;
  }
  return decoded ?? groups;
}

/** Percent-decodes the named groups of a path. */
export function decodePathKwargs(
  groups: PathKwargs,
  decoder: GroupDecoder,
): Record<string, string | undefined> {
  const decoded: Record<string, string | undefined> = {};
  for (const name in groups) {
    const group = groups[name];
    decoded[name] = group === undefined ? undefined : decodeGroup(group, name, decoder);
  }
  return decoded;
}

/** No percent sign, nothing outside ASCII. */
function isPlain(group: string): boolean {
  for (let i = 0; i < group.length; i++) {
    const unit = group.charCodeAt(i);
    if (unit > LAST_ASCII || unit === PERCENT) return false;
  }
  return true;
}
