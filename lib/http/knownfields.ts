/**
 * Numbers for the field names that nearly every request has, so that a header is found by comparing
 * integers.
 *
 * The parser in the addon knows a list of names and puts the number of a name, its place in that
 * list, into the span of each field. The server floor hands the list up here once, at start;
 * HTTPHeaders looks ids up here. Until then, and for every other name, the id is 0 and names are
 * compared by their characters.
 */
import { isToken } from "../base/bytes.ts";
import { quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/** The id of a field whose name is not in the list. */
export const UNKNOWN_FIELD = 0;

/** An id shares 32 bits with a 24-bit offset. */
const MOST_FIELD_NAMES = 255;

/** Names asked for last, by length and first letter. */
const PLACES = 64;
const lastNames: string[] = new Array<string>(PLACES).fill("");
const lastIds: number[] = new Array<number>(PLACES).fill(UNKNOWN_FIELD);

const ids = new Map<string, number>();

/**
 * Lower-case and Http-Header-Case spellings: the two that programs use. Others are looked up in
 * lower case.
 */
const idsBySpelling = new Map<string, number>();

/** Ids from 1 by lower-case name; empty until setFieldNames is called. */
export const fieldIds: ReadonlyMap<string, number> = ids;

/**
 * Takes the list of names that the parser knows; the first one gets id 1.
 *
 * To be called before any head with ids is read. Taking the same list again changes nothing.
 *
 * @param names lower-case, at most 255, none twice
 * @throws CodedError ERR_ARGUMENT_RANGE if the list breaks these rules or differs from one taken
 *   earlier
 */
export function setFieldNames(names: readonly string[]): void {
  if (names.length > MOST_FIELD_NAMES || new Set(names).size !== names.length) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the list has ${names.length} field names; allowed are ${MOST_FIELD_NAMES}, none twice`,
    );
  }
  for (const name of names) {
    if (isToken(name) && name === name.toLowerCase()) continue;
    throw new CodedError("ERR_ARGUMENT_RANGE", `${quote(name)} is not a field name in lower case`);
  }
  // Spans of heads already read hold numbers of the first list.
  if (ids.size > 0 && [...ids.keys()].join() !== names.join()) {
    throw new CodedError("ERR_ARGUMENT_RANGE", "a different list of field names is already in use");
  }
  for (const [index, name] of names.entries()) {
    ids.set(name, index + 1);
    idsBySpelling.set(name, index + 1);
    idsBySpelling.set(headerCase(name), index + 1);
  }
}

/**
 * The id of a field name in any spelling.
 *
 * @hot bench/micro/httpheaders.bench.mjs: once per header that a handler reads; the two usual
 *   spellings allocate nothing
 * @returns UNKNOWN_FIELD if the parser does not know the name
 */
export function fieldIdOf(name: string): number {
  // Programs ask for the same few names, as literals: found again by their address.
  const place = (name.length * 5 + name.charCodeAt(0)) & (PLACES - 1);
  if (lastNames[place] === name) return lastIds[place] ?? UNKNOWN_FIELD;
  const id = idsBySpelling.get(name);
  if (id === undefined) return ids.get(name.toLowerCase()) ?? UNKNOWN_FIELD;
  lastNames[place] = name;
  lastIds[place] = id;
  return id;
}

/** Spells a field name Http-Header-Case: "content-TYPE" → "Content-Type", "etag" → "Etag". */
export function headerCase(name: string): string {
  return name
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase())
    .join("-");
}
