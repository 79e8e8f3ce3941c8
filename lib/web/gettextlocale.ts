/** GettextLocale: a Locale whose translations come from a gettext catalogue. loadGettextTranslations() makes it. */
import { CONTEXT_SEPARATOR, type MoCatalogue } from "../http/mofile.ts";
import { checkCount, Locale, untranslated } from "./locale.ts";

export class GettextLocale extends Locale {
  readonly #catalogue: MoCatalogue;

  constructor(code: string, catalogue: MoCatalogue) {
    super(code);
    this.#catalogue = catalogue;
  }

  override translate(message: string, pluralMessage?: string, count?: number): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    return this.#catalogue.find(message, asked) ?? untranslated(message, pluralMessage, count);
  }

  /** As in Tornado, a message with a plural that has no translation in its context is looked for without it. */
  override pgettext(
    context: string,
    message: string,
    pluralMessage?: string,
    count?: number,
  ): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    const found = this.#catalogue.find(`${context}${CONTEXT_SEPARATOR}${message}`, asked);
    if (found !== null) return found;
    return asked === null ? message : this.translate(message, pluralMessage, count);
  }
}
