/**
 * Locale: the language of a response, after tornado.locale.
 *
 *     await loadTranslations("translations");       // at start; or loadGettextTranslations()
 *     const locale = getLocale("pt-BR", "pt");      // the closest that there is
 *     locale.translate("Sign out");                 // "Sair"
 *     locale.formatDate(posted, { gmtOffset: 180 }) // "há 2 minutos"
 *
 * The class itself has no translations: it says what it is given, and writes dates, lists and numbers as its language
 * does. CSVLocale, JSONLocale and GettextLocale have them. Which locales there are is known once per process (per thread,
 * in a worker); only setDefaultLocale(), loadTranslations() and loadGettextTranslations() change it, and importing makes
 * nothing. A locale never changes: handlers of many requests share one.
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { formatMessage } from "./formatmessage.ts";
import { type DateOptions, type DayOptions, LocaleDates } from "./localedates.ts";
import { isEnglish, isRightToLeft, languageOf, nameOf, tagOf } from "./localenames.ts";

/** A code: language, region; also script, and what gettext adds to either. */
const CODE = /^[A-Za-z]{2,8}(?:[_-][A-Za-z0-9]{1,8}){0,3}(?:[@.][A-Za-z0-9-]{1,20})?$/;

export class Locale {
  /**
   * The closest locale there is to any of the codes, in their order: "pt_BR" for "pt-br", "pt" for "pt_PT" where there is
   * no closer one; the default locale if none fits. A script is passed over: "zh-Hans-CN" is looked for as "zh_CN".
   *
   * @param codes as browsers and users write them; anything that is no code is passed over
   */
  static getClosest(...codes: readonly (string | null | undefined)[]): Locale {
    for (const code of codes) {
      const found = code ? closestTo(code) : null;
      if (found !== null) return found;
    }
    return Locale.get(registry.defaultCode);
  }

  /**
   * The locale with exactly this code.
   *
   * @throws CodedError ERR_ARGUMENT_RANGE if it is not supported
   */
  static get(code: string): Locale {
    const found = supported(code);
    if (found !== null) return found;
    const codes = [...getSupportedLocales()].join(", ");
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `there is no locale ${describe(code)}; supported are ${codes}`,
    );
  }

  /** Language and region: "pt_BR". */
  readonly code: string;
  /** What the language is called in itself: "Português (Brasil)"; "Unknown" if it has no name. */
  readonly name: string;
  /** Written from right to left. */
  readonly rtl: boolean;
  /** The tag of the same language for Intl and for the attribute lang: "pt-BR"; "en" if Intl does not know it. */
  readonly tag: string;

  #dates: LocaleDates | null = null;
  #numbers: Intl.NumberFormat | null = null;

  constructor(code: string) {
    this.code = code;
    this.name = nameOf(code);
    this.rtl = isRightToLeft(code);
    this.tag = tagOf(code);
  }

  // Messages.

  /**
   * The translation of a message; the message itself if there is none.
   *
   * @param pluralMessage the message for every count but 1; `count` must be given then
   * @throws CodedError ERR_ARGUMENT_TYPE for a plural without a count
   */
  translate(message: string, pluralMessage?: string, count?: number): string {
    return untranslated(message, pluralMessage, count);
  }

  /** As translate(), where the same words mean different things: `pgettext("law", "right")`. */
  pgettext(_context: string, message: string, pluralMessage?: string, count?: number): string {
    return this.translate(message, pluralMessage, count);
  }

  // Dates, lists, numbers.

  /**
   * Writes a date as people read it: "2 minutes ago", "3:05 pm", "yesterday at 3:05 pm", "Monday at 3:05 pm",
   * "April 28 at 6:35 pm", "April 28, 2013 at 6:35 pm".
   *
   * @param date a Date, or ms since 1970
   * @throws CodedError ERR_ARGUMENT_RANGE if it is not a valid time
   */
  formatDate(date: Date | number, options: DateOptions = {}): string {
    this.#dates ??= new LocaleDates(this);
    return this.#dates.format(date, options);
  }

  /** Writes a day: "Monday, January 22", or "January 22" without `dow`. @throws as formatDate() */
  formatDay(date: Date | number, options: DayOptions = {}): string {
    this.#dates ??= new LocaleDates(this);
    return this.#dates.day(date, options);
  }

  /** Writes a list: "A, B and C". */
  list(parts: readonly string[]): string {
    const last = parts.at(-1) ?? "";
    if (parts.length < 2) return last;
    const pattern = "%(commas)s and %(last)s";
    const said = this.translate(pattern);
    if (said === pattern && !this.#isEnglish) return new Intl.ListFormat(this.tag).format(parts);
    const comma = languageOf(this.code) === "fa" ? " و " : ", ";
    return formatMessage(said, { commas: parts.slice(0, -1).join(comma), last });
  }

  /** Writes a number so that it can be read at a glance: "1,234,567" in English. */
  friendlyNumber(value: number | bigint): string {
    this.#numbers ??= new Intl.NumberFormat(this.#isEnglish ? "en-US" : this.tag);
    return this.#numbers.format(value);
  }

  /** Writes a number as Intl does: `{ style: "currency", currency: "EUR" }`, `{ maximumFractionDigits: 1 }`, … */
  formatNumber(value: number | bigint, options?: Intl.NumberFormatOptions): string {
    if (options === undefined) return this.friendlyNumber(value);
    return new Intl.NumberFormat(this.tag, options).format(value);
  }

  // Steps.

  get #isEnglish(): boolean {
    return isEnglish(this.tag);
  }
}

/** The code of the default locale, until setDefaultLocale() is called. */
const FIRST_DEFAULT = "en_US";

/** Which locales there are. */
const registry = {
  defaultCode: FIRST_DEFAULT,
  translated: new Map<string, Locale>() as ReadonlyMap<string, Locale>,
  /** The default locale where it has no translations, which it needs none of. */
  plain: null as Locale | null,
};

/** As Locale.getClosest(); Tornado's locale.get(). */
export function getLocale(...codes: readonly (string | null | undefined)[]): Locale {
  return Locale.getClosest(...codes);
}

/**
 * Sets the language that the texts of the application are in; it needs no translation. At first "en_US".
 *
 * @throws CodedError ERR_ARGUMENT_RANGE if it is no code of a language
 */
export function setDefaultLocale(code: string): void {
  if (!isLocaleCode(code)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the default locale is ${describe(code)}; allowed is a code such as "en_US"`,
    );
  }
  registry.defaultCode = code.replaceAll("-", "_");
  registry.plain = null;
}

/** The codes of all locales with translations, and of the default one. */
export function getSupportedLocales(): ReadonlySet<string> {
  return new Set([registry.defaultCode, ...registry.translated.keys()]);
}

/** @internal Replaces all translations of the process. */
export function useTranslations(locales: ReadonlyMap<string, Locale>): void {
  registry.translated = locales;
}

/** @internal */
export function isLocaleCode(code: unknown): code is string {
  return typeof code === "string" && CODE.test(code);
}

/**
 * The message itself, or its plural: what a locale says that has no translation of it.
 *
 * @internal
 * @throws CodedError ERR_ARGUMENT_TYPE for a plural without a count
 */
export function untranslated(message: string, pluralMessage?: string, count?: number): string {
  if (pluralMessage === undefined) return message;
  return checkCount(message, count) === 1 ? message : pluralMessage;
}

/** @internal @throws CodedError ERR_ARGUMENT_TYPE if it is not a number */
export function checkCount(message: string, count: number | undefined): number {
  if (typeof count === "number") return count;
  throw new CodedError(
    "ERR_ARGUMENT_TYPE",
    `the count for ${quote(message)} is ${describe(count)}; a message with a plural needs a number`,
  );
}

function supported(code: string): Locale | null {
  const translated = registry.translated.get(code);
  if (translated !== undefined) return translated;
  if (code !== registry.defaultCode) return null;
  registry.plain ??= new Locale(code);
  return registry.plain;
}

function closestTo(given: string): Locale | null {
  const exact = given.replaceAll("-", "_");
  const parts = exact.split("_");
  const language = (parts[0] ?? "").toLowerCase();
  // language_REGION, or language_Script_REGION
  const region = parts.length === 1 ? "" : (parts.at(-1) ?? "").toUpperCase();
  return (
    supported(exact) ??
    (region === "" ? null : supported(`${language}_${region}`)) ??
    supported(language)
  );
}
