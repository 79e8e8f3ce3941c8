/** Dates as HTTP writes them. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CodedError } from "../../lib/base/errors.ts";
import { DateCache, formatTimestamp, parseHTTPDate } from "../../lib/http/httpdate.ts";

const TIME = Date.UTC(1994, 10, 6, 8, 49, 37);

const written = suite("a date that is written");

written("is an IMF-fixdate", () => {
  assert.is(formatTimestamp(TIME), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.is(formatTimestamp(new Date(1_359_312_200_999)), "Sun, 27 Jan 2013 18:43:20 GMT");
});

written("has four digits of a year, or is refused", () => {
  assert.is(formatTimestamp(253_402_300_799_999), "Fri, 31 Dec 9999 23:59:59 GMT");
  assert.is(formatTimestamp(-62_167_219_200_000), "Sat, 01 Jan 0000 00:00:00 GMT");
  for (const time of [253_402_300_800_000, -62_167_219_200_001, Number.NaN, new Date(Number.NaN)]) {
    assert.throws(
      () => formatTimestamp(time),
      (error: unknown) => error instanceof CodedError && error.code === "ERR_HTTP_DATE",
    );
  }
});

written.run();

const read = suite("a date that is read");

read("may have any of the three forms", () => {
  assert.is(parseHTTPDate("Sun, 06 Nov 1994 08:49:37 GMT"), TIME);
  assert.is(parseHTTPDate("Sunday, 06-Nov-94 08:49:37 GMT"), TIME);
  assert.is(parseHTTPDate("Sun Nov  6 08:49:37 1994"), TIME);
  assert.is(parseHTTPDate("Wed Nov 16 08:49:37 1994"), TIME + 10 * 86_400_000);
});

read("has a two-digit year from 1970 to 2069", () => {
  assert.is(parseHTTPDate("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
  assert.is(parseHTTPDate("Tuesday, 01-Jan-69 00:00:00 GMT"), Date.UTC(2069, 0, 1));
});

read("may fall on a leap day, in a leap second or long ago", () => {
  assert.is(parseHTTPDate("Thu, 29 Feb 2024 00:00:00 GMT"), Date.UTC(2024, 1, 29));
  assert.is(parseHTTPDate("Sat, 31 Dec 2016 23:59:60 GMT"), Date.UTC(2017, 0, 1));
  assert.is(parseHTTPDate("Sat, 01 Jan 0050 00:00:00 GMT"), Date.parse("0050-01-01T00:00:00Z"));
});

read("is null where there is no such day or hour", () => {
  for (const text of [
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Wed, 29 Feb 2023 00:00:00 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
  ]) {
    assert.is(parseHTTPDate(text), null, text);
  }
});

read("is null where the form is another", () => {
  for (const text of [
    "",
    "0",
    "garbage",
    "1994-11-06T08:49:37Z",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "Xxx, 06 Nov 1994 08:49:37 GMT",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT\n",
    "Sun, 06 Nov 94 08:49:37 GMT",
  ]) {
    assert.is(parseHTTPDate(text), null, text);
  }
});

read("is what was written", () => {
  for (const ms of [0, TIME, Date.UTC(2038, 0, 19, 3, 14, 8)]) {
    assert.is(parseHTTPDate(formatTimestamp(ms)), ms);
  }
});

read.run();

const cache = suite("the Date field");

cache("changes with the second, forwards and backwards", () => {
  const dates = new DateCache();
  assert.is(dates.text(TIME), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.is(dates.text(TIME + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert.is(dates.text(TIME + 1000), "Sun, 06 Nov 1994 08:49:38 GMT");
  assert.is(dates.text(TIME - 1), "Sun, 06 Nov 1994 08:49:36 GMT");
});

cache.run();
