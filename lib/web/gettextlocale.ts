/** GettextLocale: a Locale whose translations come from a gettext catalogue. loadGettextTranslations() makes it. */
import type { MoCatalogue } from "../http/mofile.ts";
import { CatalogueLocale } from "./cataloguelocale.ts";

export class GettextLocale extends CatalogueLocale {
  readonly #catalogue: MoCatalogue;

  constructor(code: string, catalogue: MoCatalogue) {
    super(code);
    this.#catalogue = catalogue;
  }

  protected override find(message: string, count: number | null): string | null {
    return this.#catalogue.find(message, count);
  }
}
