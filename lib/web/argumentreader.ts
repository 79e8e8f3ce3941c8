/**
 * Arguments of a request as a handler wants them: decoded, cleaned, the last of several or all.
 *
 * RequestHandler.getArgument and its family call these; path arguments are decoded here, too.
 */
import { type Arguments, percentDecode } from "../http/forms.ts";
import type { PathKwargs } from "./routing.ts";

/** How argument values are cleaned. */
export interface ArgumentOptions {
  /** Take white space off both ends. Default true. */
  readonly strip?: boolean;
}

/** Turns the bytes of one value into text; RequestHandler.decodeArgument. */
export type ArgumentDecoder = (bytes: Buffer, name: string | null) => string;

/** Controls other than tab, line feed, vertical tab, form feed and carriage return become spaces, as in Tornado. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x08\x0e-\x1f]/g;

/** All values of an argument, in order; [] if there are none. */
export function readArguments(
  from: Arguments,
  name: string,
  decode: ArgumentDecoder,
  { strip = true }: ArgumentOptions = {},
): string[] {
  const values = from.get(name);
  if (values === undefined) return [];
  return values.map((raw) => {
    const text = decode(Buffer.from(raw, "latin1"), name).replace(CONTROLS, " ");
    return strip ? text.trim() : text;
  });
}

/** Percent-decodes the positional groups of a path; "+" stays. */
export function decodePathArgs(
  groups: readonly (string | undefined)[],
  decode: ArgumentDecoder,
): (string | undefined)[] {
  return groups.map((group) =>
    group === undefined ? undefined : decodeGroup(group, null, decode),
  );
}

/** Percent-decodes the named groups of a path. */
export function decodePathKwargs(
  groups: PathKwargs,
  decode: ArgumentDecoder,
): Record<string, string | undefined> {
  const decoded: Record<string, string | undefined> = {};
  for (const [name, group] of Object.entries(groups)) {
    decoded[name] = group === undefined ? undefined : decodeGroup(group, name, decode);
  }
  return decoded;
}

function decodeGroup(group: string, name: string | null, decode: ArgumentDecoder): string {
  return decode(Buffer.from(percentDecode(group), "latin1"), name);
}
