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
import { CatalogueLocale } from "./cataloguelocale.ts";

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

export class JSONLocale extends CatalogueLocale {
  readonly #translations: JSONTranslations;
  readonly #rules: Intl.PluralRules;

  constructor(code: string, translations: JSONTranslations) {
    super(code);
    this.#translations = translations;
    this.#rules = new Intl.PluralRules(this.tag);
  }

  protected override find(message: string, count: number | null): string | null {
    const found = this.#translations.get(message);
    if (found === undefined) return null;
    // A text stands for every count: enough for a language without plurals.
    if (typeof found === "string") return found;
    return found[this.#rules.select(count ?? 1)] ?? found.other;
  }
}
