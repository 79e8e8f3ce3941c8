/** CSVLocale: a Locale whose translations come from a file of comma-separated values. loadTranslations() makes it. */
import { log } from "../base/log.ts";
import { checkCount, Locale } from "./locale.ts";

/** Translations by message, for each indicator that a row may have. */
export interface CSVTranslations {
  /** Rows with "unknown" or nothing: messages without a plural. */
  readonly unknown?: ReadonlyMap<string, string>;
  /** Rows with "singular": for a count of 1, by the singular message. */
  readonly singular?: ReadonlyMap<string, string>;
  /** Rows with "plural": for every other count, by the plural message. */
  readonly plural?: ReadonlyMap<string, string>;
}

export class CSVLocale extends Locale {
  readonly #translations: CSVTranslations;
  #hasWarned = false;

  constructor(code: string, translations: CSVTranslations) {
    super(code);
    this.#translations = translations;
  }

  override translate(message: string, pluralMessage?: string, count?: number): string {
    const { unknown, singular, plural } = this.#translations;
    if (pluralMessage === undefined) return unknown?.get(message) ?? message;
    if (checkCount(message, count) === 1) return singular?.get(message) ?? message;
    return plural?.get(pluralMessage) ?? pluralMessage;
  }

  /** The same as translate(): these files have no contexts. Warns of it once. */
  override pgettext(
    context: string,
    message: string,
    pluralMessage?: string,
    count?: number,
  ): string {
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      log.warn(
        `pgettext() was called for ${this.code}, whose CSV file has no contexts; use JSON or gettext`,
      );
    }
    return super.pgettext(context, message, pluralMessage, count);
  }
}
