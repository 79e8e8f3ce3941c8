/**
 * Ranges of bytes: what a Range field asks of a representation, and the body that carries several of them.
 *
 * StaticFileHandler calls it with the size of a file. As strict as RFC 9110 about what a range is (the package
 * range-parser takes "+1" and "1x" for numbers), as Tornado about what becomes of one that is not.
 */

/** Bytes `start` to before `end` of a representation; never empty. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What is to be sent. */
export type RangeSelection =
  /** All of it, with 200: the field is to be ignored, or asks for everything. */
  | { readonly kind: "whole" }
  /** Nothing, with 416. */
  | { readonly kind: "unsatisfiable" }
  /** Some, with 206: at least one, none of them overlapping, in the order they were asked for. */
  | { readonly kind: "parts"; readonly parts: readonly ByteRange[] };

/** The texts around the parts of a multipart/byteranges body. */
export interface MultipartBody {
  readonly contentType: string;
  /** Length of the whole body. */
  readonly bytes: number;
  /** What stands before each part. */
  readonly heads: readonly string[];
  /** What stands after the last. */
  readonly tail: string;
}

/** Most ranges of a field; one with more is ignored. Players and PDF viewers ask for a few. RFC 9110 §17.15 */
export const MOST_RANGES = 16;

const UNIT = /^[ \t]*bytes[ \t]*=/i;
const DIGITS = /^\d*$/;

const whole: RangeSelection = { kind: "whole" };
const unsatisfiable: RangeSelection = { kind: "unsatisfiable" };

/**
 * Decides what a Range field selects.
 *
 * What is not a set of byte ranges is ignored: another unit, a sign, a fraction, a field without a number. A range that
 * begins past the end, ends before it begins, or is a suffix of no bytes, cannot be satisfied; "26" means "26-". Ends
 * are cut to the size, a suffix longer than that is all of it. Ranges that overlap become one.
 *
 * @param field value of the Range field
 * @param size  of the representation, in bytes
 * @see RFC 9110 §14.1.1, §14.2, §15.3.7.2
 */
export function selectRanges(field: string, size: number): RangeSelection {
  const unit = UNIT.exec(field);
  if (unit === null) return whole;
  const specs = field.slice(unit[0].length).split(",", MOST_RANGES + 1);
  if (specs.length > MOST_RANGES) return whole;
  const isAlone = specs.length === 1;
  const found: ByteRange[] = [];
  let asked = 0;
  for (const spec of specs) {
    if (spec.trim() === "") continue;
    const range = rangeOf(spec, size, isAlone);
    if (range === undefined) return whole;
    asked++;
    if (range !== null) found.push(range);
  }
  if (asked === 0) return whole;
  if (found.length === 0) return unsatisfiable;
  const parts = withoutOverlaps(found);
  const first = parts[0];
  if (first !== undefined && first.start === 0 && first.end === size) return whole;
  return { kind: "parts", parts };
}

/** The value of Content-Range for a part: "bytes 1-4/26". @see RFC 9110 §14.4 */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`;
}

/**
 * Puts together what surrounds the parts of a multipart/byteranges body.
 *
 * @param contentType of the representation; null = it has none
 * @param boundary    token that is not in the parts: random
 * @see RFC 9110 §14.6
 */
export function multipartBody(
  parts: readonly ByteRange[],
  size: number,
  contentType: string | null,
  boundary: string,
): MultipartBody {
  const type = contentType === null ? "" : `Content-Type: ${contentType}\r\n`;
  const heads = parts.map((part, i) => {
    const lead = i === 0 ? "" : "\r\n";
    return `${lead}--${boundary}\r\n${type}Content-Range: ${contentRange(part, size)}\r\n\r\n`;
  });
  const tail = `\r\n--${boundary}--\r\n`;
  let bytes = tail.length;
  for (const head of heads) bytes += head.length;
  for (const { start, end } of parts) bytes += end - start;
  return { contentType: `multipart/byteranges; boundary=${boundary}`, bytes, heads, tail };
}

/** @returns null if it cannot be satisfied; undefined if it is no range */
function rangeOf(spec: string, size: number, isAlone: boolean): ByteRange | null | undefined {
  const dash = spec.indexOf("-");
  const first = (dash === -1 ? spec : spec.slice(0, dash)).trim();
  const last = dash === -1 ? "" : spec.slice(dash + 1).trim();
  if (!DIGITS.test(first) || !DIGITS.test(last) || (first === "" && last === "")) return undefined;
  // Tornado takes a number alone for the start of a range.
  if (dash === -1 && !isAlone) return undefined;
  if (first === "") {
    const start = Math.max(0, size - Number(last));
    return start < size ? { start, end: size } : null;
  }
  // Numbers too long for a double become Infinity, which is past every end.
  const start = Number(first);
  const end = last === "" ? size : Math.min(size, Number(last) + 1);
  return start < size && start < end ? { start, end } : null;
}

/** Joins ranges that overlap, each in the place of the one that was asked for first. */
function withoutOverlaps(ranges: readonly ByteRange[]): readonly ByteRange[] {
  if (ranges.length === 1) return ranges;
  const sorted = ranges.map(({ start, end }, place) => ({ start, end, place }));
  sorted.sort((a, b) => a.start - b.start);
  const joined: { start: number; end: number; place: number }[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last === undefined || range.start >= last.end) joined.push(range);
    else {
      last.end = Math.max(last.end, range.end);
      last.place = Math.min(last.place, range.place);
    }
  }
  joined.sort((a, b) => a.place - b.place);
  return joined.map(({ start, end }) => ({ start, end }));
}
