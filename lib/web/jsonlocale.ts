/**
 * JSONLocale: a Locale whose translations come from a JSON file. loadTranslations() makes it.
 *
 *     {
 *       "Sign out": "Выйти",
 *       "%(n)d file": { "one": "%(n)d файл", "few": "%(n)d файла", "many": "%(n)d файлов", "other": "%(n)d файла" },
 *       "law\u0004right": "право"
 *     }
 *
 * A message with a plural stands under its singular; which form a count takes is Intl.PluralRules' to say, and "other"
 * stands for those that are missing. A plain text stands for every count. A context stands before its message, with U+0004 between, as in gettext.
 */
import { CONTEXT_SEPARATOR } from "../http/mofile.ts";
import { checkCount, Locale, untranslated } from "./locale.ts";

/** The forms of a message that depends on a count; CLDR's categories. */
export interface PluralTranslations {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

/** Translations by message. */
export type JSONTranslations = ReadonlyMap<string, string | PluralTranslations>;

export class JSONLocale extends Locale {
  readonly #translations: JSONTranslations;
  readonly #rules: Intl.PluralRules;

  constructor(code: string, translations: JSONTranslations) {
    super(code);
    this.#translations = translations;
    this.#rules = new Intl.PluralRules(this.tag);
  }

  override translate(message: string, pluralMessage?: string, count?: number): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    return this.#find(message, asked) ?? untranslated(message, pluralMessage, count);
  }

  override pgettext(
    context: string,
    message: string,
    pluralMessage?: string,
    count?: number,
  ): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    const found = this.#find(`${context}${CONTEXT_SEPARATOR}${message}`, asked);
    if (found !== null) return found;
    return asked === null ? message : this.translate(message, pluralMessage, count);
  }

  /** @param count null = the message as it is: of one with a plural, the form for 1 */
  #find(message: string, count: number | null): string | null {
    const found = this.#translations.get(message);
    if (found === undefined) return null;
    // A text stands for every count: enough for a language without plurals.
    if (typeof found === "string") return found;
    return found[this.#rules.select(count ?? 1)] ?? found.other;
  }
}
