/**
 * Spans: where the fields of a head are, in the text of that head.
 *
 * The parser in the addon makes them, or spansOf() where there are none. Three numbers a field:
 *
 *     [nameStart | fieldId << 24, valueStart, valueEnd]
 *
 * Offsets are in characters of the text (bytes of the head, which is latin1). A name runs up to its
 * colon; a value is trimmed. Whoever makes spans has checked the head: nothing here judges
 * anything.
 */

/**
 * Triples, flat. A typed array is not asked for: what the parser gives is a small plain array of
 * small integers.
 */
export type Spans = readonly number[];

/** Numbers a field. */
export const SPAN_LENGTH = 3;

/** The bits of the first number that are the offset of the name; heads are shorter than 16 MiB. */
export const OFFSET_MASK = 0xff_ffff;

/**
 * How far the field's id is shifted in the first number; to be read with `>>>`, since ids reach
 * 255.
 */
export const ID_SHIFT = 24;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const SMALL_A = 0x61;
const SMALL_Z = 0x7a;

/** The one bit in which the two cases of an ASCII letter differ. */
const CASE_BIT = 0x20;

/**
 * Tells whether the field name at `at` is `name`, without regard to case.
 *
 * @hot bench/micro/httpheaders.bench.mjs: once per field and header that a handler reads; allocates
 *   nothing
 * @param at offset of the name's first character in `head`
 */
export function nameIsAt(head: string, at: number, name: string): boolean {
  const length = name.length;
  // The colon first: it tells most names apart with one comparison.
  if (head.charCodeAt(at + length) !== COLON) return false;
  for (let i = 0; i < length; i++) {
    const got = head.charCodeAt(at + i);
    const wanted = name.charCodeAt(i);
    if (got === wanted) continue;
    // "^" and "~" differ in the same bit and are both allowed in names, so the bit alone proves
    // nothing.
    const letter = got | CASE_BIT;
    if ((got ^ wanted) !== CASE_BIT || letter < SMALL_A || letter > SMALL_Z) return false;
  }
  return true;
}

/**
 * Finds the fields of a head that has no spans yet.
 *
 * @param head request line, CRLF, then field lines each with CRLF, then CRLF; known to be valid
 * @returns triples without ids
 */
export function spansOf(head: string): Spans {
  const spans: number[] = [];
  let at = head.indexOf("\n") + 1;
  while (at > 0 && at < head.length) {
    const first = head.charCodeAt(at);
    if (first === CR || first === LF) break;
    const newline = head.indexOf("\n", at);
    const lineEnd = newline === -1 ? head.length : newline;
    let valueStart = head.indexOf(":", at) + 1;
    let valueEnd = lineEnd;
    while (valueStart < lineEnd && isPadding(head.charCodeAt(valueStart))) valueStart++;
    while (valueEnd > valueStart && isPadding(head.charCodeAt(valueEnd - 1))) valueEnd--;
    spans.push(at, valueStart, valueEnd);
    at = newline + 1;
  }
  return spans;
}

/** What may surround a value: OWS, and the CR of the line's end. */
function isPadding(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}
