/**
 * CatalogueLocale: a Locale that looks messages up by their text, those with a context by both, as gettext does.
 *
 * JSONLocale and GettextLocale are of this kind; they differ in where the texts are.
 */
import { CONTEXT_SEPARATOR } from "../http/mofile.ts";
import { checkCount, Locale, untranslated } from "./locale.ts";

export abstract class CatalogueLocale extends Locale {
  /**
   * Finds the translation of a message.
   *
   * @param message its text, after the context and CONTEXT_SEPARATOR if it has one
   * @param count   null = the message as it is: of one with a plural, the form for 1
   * @returns null if there is none
   */
  protected abstract find(message: string, count: number | null): string | null;

  override translate(message: string, pluralMessage?: string, count?: number): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    return this.find(message, asked) ?? untranslated(message, pluralMessage, count);
  }

  /** As in Tornado, a message with a plural that has no translation in its context is looked for without it. */
  override pgettext(
    context: string,
    message: string,
    pluralMessage?: string,
    count?: number,
  ): string {
    const asked = pluralMessage === undefined ? null : checkCount(message, count);
    const found = this.find(`${context}${CONTEXT_SEPARATOR}${message}`, asked);
    if (found !== null) return found;
    return asked === null ? message : this.translate(message, pluralMessage, count);
  }
}
