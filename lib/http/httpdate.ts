/**
 * Dates as HTTP writes them.
 *
 * The response serializer takes its Date field from a DateCache; handlers format and parse
 * Last-Modified, Expires and If-Modified-Since. No function here reads a clock: whoever knows the
 * time passes it in.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

const SECOND_MS = 1000;

/** 9999-12-31T23:59:59.999Z: the last time that four digits of a year can write. */
const LAST_TIME_MS = 253_402_300_799_999;

/** 0000-01-01T00:00:00.000Z */
const FIRST_TIME_MS = -62_167_219_200_000;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = MONTHS.join("|");
const DAY_NAME = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const LONG_DAY_NAME = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const TIME = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

/**
 * The three forms a recipient must take, the only one to send first. Each is anchored and reads its
 * input once.
 */
const forms: readonly RegExp[] = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^(?:${DAY_NAME}), (?<day>\\d\\d) (?<month>${MONTH}) (?<year>\\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(
    `^(?:${LONG_DAY_NAME}), (?<day>\\d\\d)-(?<month>${MONTH})-(?<year>\\d\\d) ${TIME} GMT$`,
  ),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^(?:${DAY_NAME}) (?<month>${MONTH}) (?<day>\\d\\d| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * With two digits of a year and no clock: 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069, as
 * POSIX has it.
 */
const FIRST_YEAR_OF_1900S = 70;

/**
 * Writes a time as an IMF-fixdate: `Sun, 27 Jan 2013 18:43:20 GMT`.
 *
 * @param time a Date, or ms since 1970; parts of a second are cut off
 * @throws CodedError ERR_HTTP_DATE if it is not a time in the years 0 to 9999
 * @see RFC 9110 §5.6.7
 */
export function formatTimestamp(time: Date | number): string {
  const ms = typeof time === "number" ? time : time.getTime();
  if (!(ms >= FIRST_TIME_MS && ms <= LAST_TIME_MS)) {
    throw new CodedError(
      "ERR_HTTP_DATE",
      `${describe(time)} is not a time that HTTP can write; allowed is ms since 1970, years 0 to 9999`,
    );
  }
  // ECMAScript defines this as exactly the IMF-fixdate for these years.
  return new Date(ms).toUTCString();
}

/**
 * Reads a date in any of HTTP's three forms: IMF-fixdate, RFC 850 and asctime.
 *
 * The name of the day is not compared with the date. A two-digit year is read as POSIX reads it:
 * 1970 to 2069.
 *
 * @returns ms since 1970; null if the text is none of the three forms or the day or hour does not
 *   exist, in which case a recipient ignores the field
 * @see RFC 9110 §5.6.7
 */
export function parseHTTPDate(text: string): number | null {
  for (const form of forms) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return timeOf(parts);
  }
  return null;
}

/** The value of the Date field, written anew once a second at most. */
export class DateCache {
  #second = Number.NaN;
  #text = "";

  /**
   * The IMF-fixdate of a time.
   *
   * @hot bench/micro/httpdate.bench.mjs: once per response; allocates once a second
   * @param nowMs ms since 1970
   */
  text(nowMs: number): string {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) {
      this.#text = formatTimestamp(second * SECOND_MS);
      this.#second = second;
    }
    return this.#text;
  }
}

function timeOf(parts: Readonly<Record<string, string | undefined>>): number | null {
  const number = (name: string) => Number(parts[name]);
  const hour = number("hour");
  const minute = number("minute");
  const second = number("second");
  const day = number("day");
  const month = MONTHS.indexOf(parts.month ?? "");
  // 60 is a leap second; Date counts it as the first of the next minute.
  if (hour > 23 || minute > 59 || second > 60) return null;

  // Not Date.UTC: it takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(fullYear(parts.year ?? ""), month, day);
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return null;
  return date.setUTCHours(hour, minute, second);
}

function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length > 2) return year;
  return year >= FIRST_YEAR_OF_1900S ? 1900 + year : 2000 + year;
}
