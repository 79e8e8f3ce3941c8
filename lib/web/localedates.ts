/**
 * LocaleDates: dates as people read them: "2 minutes ago", "yesterday at 3:05 pm", "April 28, 2013 at 6:35 pm".
 *
 * Locale.formatDate() and formatDay() are thin over this. Which form a date takes is Tornado's choice, to the second. Its
 * words are messages that a translation may have, under their English texts ("%(month_name)s %(day)s at %(time)s",
 * "January", …). English needs none; what another language's translation does not have is written by Intl.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { formatMessage } from "./formatmessage.ts";
import { isEnglish } from "./localenames.ts";

/** How formatDate() writes. */
export interface DateOptions {
  /** How far the reader is west of Greenwich, in minutes, as Date.getTimezoneOffset() gives it. Default 0. */
  readonly gmtOffset?: number;
  /** "2 minutes ago" for the last day; false = the time of day instead. Default true. */
  readonly relative?: boolean;
  /** Without the time of day, where there is a day. Default false. */
  readonly shorter?: boolean;
  /** Always day, month, year and time. Default false; future dates are always written so. */
  readonly fullFormat?: boolean;
  /** What "ago" counts from. Default: the time of the call. */
  readonly now?: Date | number;
}

/** How formatDay() writes. */
export interface DayOptions {
  /** As for formatDate(). */
  readonly gmtOffset?: number;
  /** With the day of the week. Default true. */
  readonly dow?: boolean;
}

/** Who speaks: a Locale. */
export interface DateSpeaker {
  readonly code: string;
  readonly tag: string;
  translate(message: string, pluralMessage?: string, count?: number): string;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** Clocks differ: a date this little ahead is now. */
const SKEW_MS = 60 * SECOND_MS;

/** From here on the next larger unit is named. */
const SECONDS_UP_TO = 50;
const MINUTES_UP_TO_S = 50 * 60;

/** Within these many days the weekday says which day is meant. */
const WEEKDAYS_UP_TO = 5;

/** Within these the month does: eleven months, since the same month of last year would confuse. */
const MONTHS_UP_TO = 334;

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const weekdays = [
  "Sunday",
  "Monday",
  "Tuesday",
  "Wednesday",
  "Thursday",
  "Friday",
  "Saturday",
] as const;

/** Languages that have no 24-hour clock, as in Tornado. */
const TWELVE_HOURS = new Set(["en", "en_US", "zh_CN"]);

/** What of a date Intl writes where there is no translation. */
type Parts = Intl.DateTimeFormatOptions;
const TIME: Parts = { hour: "numeric", minute: "2-digit" };
const WEEKDAY: Parts = { weekday: "long" };
const MONTH_DAY: Parts = { month: "long", day: "numeric" };
const FULL_DAY: Parts = { ...MONTH_DAY, year: "numeric" };
const WEEKDAY_MONTH_DAY: Parts = { ...WEEKDAY, ...MONTH_DAY };
const WEEKDAY_TIME: Parts = { ...WEEKDAY, ...TIME };
const MONTH_DAY_TIME: Parts = { ...MONTH_DAY, ...TIME };
const FULL_DAY_TIME: Parts = { ...FULL_DAY, ...TIME };

export class LocaleDates {
  readonly #speaker: DateSpeaker;
  readonly #isEnglish: boolean;
  /** Formatters by what they write: making one costs more than all the rest. */
  readonly #formatters = new Map<Parts, Intl.DateTimeFormat>();
  #relative: Intl.RelativeTimeFormat | null = null;

  constructor(speaker: DateSpeaker) {
    this.#speaker = speaker;
    this.#isEnglish = isEnglish(speaker.tag);
  }

  format(date: Date | number, options: DateOptions): string {
    const { gmtOffset = 0, relative = true, shorter = false } = options;
    let { fullFormat = false } = options;
    let dateMs = timeOf(date);
    const nowMs = timeOf(options.now ?? Date.now());
    if (dateMs > nowMs) {
      if (relative && dateMs - nowMs < SKEW_MS) dateMs = nowMs;
      else fullFormat = true;
    }
    const local = localDate(dateMs, gmtOffset);
    const elapsedS = Math.floor((nowMs - dateMs) / SECOND_MS);
    const days = Math.floor(elapsedS / DAY_S);
    if (!fullFormat) {
      if (days === 0 && relative) return this.#ago(elapsedS);
      if (days === 0) return this.#time(local);
      if (days === 1 && relative && isYesterday(local, localDate(nowMs, gmtOffset))) {
        return this.#yesterday(local, shorter);
      }
      if (days < WEEKDAYS_UP_TO) {
        if (shorter) return this.#say("%(weekday)s", local, WEEKDAY);
        return this.#say("%(weekday)s at %(time)s", local, WEEKDAY_TIME);
      }
      if (days < MONTHS_UP_TO) {
        if (shorter) return this.#say("%(month_name)s %(day)s", local, MONTH_DAY);
        return this.#say("%(month_name)s %(day)s at %(time)s", local, MONTH_DAY_TIME);
      }
    }
    if (shorter) return this.#say("%(month_name)s %(day)s, %(year)s", local, FULL_DAY);
    return this.#say("%(month_name)s %(day)s, %(year)s at %(time)s", local, FULL_DAY_TIME);
  }

  day(date: Date | number, { gmtOffset = 0, dow = true }: DayOptions): string {
    const local = localDate(timeOf(date), gmtOffset);
    if (dow) return this.#say("%(weekday)s, %(month_name)s %(day)s", local, WEEKDAY_MONTH_DAY);
    return this.#say("%(month_name)s %(day)s", local, MONTH_DAY);
  }

  // Steps.

  #ago(seconds: number): string {
    if (seconds < SECONDS_UP_TO) {
      return this.#count("1 second ago", "%(seconds)d seconds ago", "seconds", seconds);
    }
    if (seconds < MINUTES_UP_TO_S) {
      const minutes = roundHalfEven(seconds / 60);
      return this.#count("1 minute ago", "%(minutes)d minutes ago", "minutes", minutes);
    }
    const hours = roundHalfEven(seconds / HOUR_S);
    return this.#count("1 hour ago", "%(hours)d hours ago", "hours", hours);
  }

  #count(one: string, many: string, unit: "seconds" | "minutes" | "hours", count: number): string {
    const said = this.#speaker.translate(one, many, count);
    if (this.#isEnglish || (said !== one && said !== many)) {
      return formatMessage(said, { [unit]: count });
    }
    this.#relative ??= new Intl.RelativeTimeFormat(this.#speaker.tag, { numeric: "auto" });
    return this.#relative.format(-count, unit);
  }

  #yesterday(local: Date, shorter: boolean): string {
    const english = shorter ? "yesterday" : "yesterday at %(time)s";
    const said = this.#speaker.translate(english);
    if (this.#isEnglish || said !== english)
      return formatMessage(said, { time: this.#time(local) });
    this.#relative ??= new Intl.RelativeTimeFormat(this.#speaker.tag, { numeric: "auto" });
    const yesterday = this.#relative.format(-1, "day");
    return shorter ? yesterday : `${yesterday} ${this.#formatter(TIME).format(local)}`;
  }

  /** @param parts what Intl writes if the pattern has no translation */
  #say(pattern: string, local: Date, parts: Parts): string {
    const said = this.#speaker.translate(pattern);
    if (!this.#isEnglish && said === pattern) return this.#formatter(parts).format(local);
    return formatMessage(said, {
      month_name: this.#word(months[local.getUTCMonth()] ?? "", local, MONTH_DAY, "month"),
      weekday: this.#word(weekdays[local.getUTCDay()] ?? "", local, WEEKDAY, "weekday"),
      day: local.getUTCDate(),
      year: local.getUTCFullYear(),
      time: this.#time(local),
    });
  }

  #word(english: string, local: Date, parts: Parts, type: "month" | "weekday"): string {
    const said = this.#speaker.translate(english);
    if (this.#isEnglish || said !== english) return said;
    const found = this.#formatter(parts)
      .formatToParts(local)
      .find((part) => part.type === type);
    return found?.value ?? said;
  }

  #time(local: Date): string {
    const { code } = this.#speaker;
    const hour = local.getUTCHours();
    const minute = String(local.getUTCMinutes()).padStart(2, "0");
    let text = `${hour}:${minute}`;
    if (TWELVE_HOURS.has(code)) {
      text = `${hour % 12 || 12}:${minute}`;
      if (code === "zh_CN") text = (hour < 12 ? "上午" : "下午") + text;
      else text += hour < 12 ? " am" : " pm";
    }
    return formatMessage(this.#speaker.translate("%(time)s"), { time: text });
  }

  #formatter(parts: Parts): Intl.DateTimeFormat {
    let formatter = this.#formatters.get(parts);
    if (formatter === undefined) {
      // The date has been moved to the reader's time already.
      formatter = new Intl.DateTimeFormat(this.#speaker.tag, { ...parts, timeZone: "UTC" });
      this.#formatters.set(parts, formatter);
    }
    return formatter;
  }
}

function timeOf(date: Date | number): number {
  const ms = date instanceof Date ? date.getTime() : date;
  if (typeof ms === "number" && !Number.isNaN(new Date(ms).getTime())) return ms;
  throw new CodedError(
    "ERR_ARGUMENT_RANGE",
    `the date is ${describe(date)}; allowed are a valid Date and ms since 1970`,
  );
}

/** A Date whose UTC fields are those of the reader's clock. */
function localDate(ms: number, gmtOffset: number): Date {
  return new Date(ms - gmtOffset * MINUTE_MS);
}

function isYesterday(local: Date, localNow: Date): boolean {
  return local.getUTCDate() === new Date(localNow.getTime() - DAY_S * SECOND_MS).getUTCDate();
}

/** 2.5 is 2 and 3.5 is 4, as Python rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
