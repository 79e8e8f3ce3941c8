/**
 * Accept-Language: which languages a client wants, the dearest first.
 *
 * RequestHandler.getBrowserLocale() gives the result to getLocale(). What is parsed came from a peer: it never fails, and
 * reads at most MOST_LANGUAGES of it.
 */

/** Languages beyond these are not read; a browser sends fewer than ten. */
const MOST_LANGUAGES = 64;

/** A weight as Tornado takes it: a number without sign or exponent. RFC 9110 §12.4.2 has it from 0 to 1. */
const WEIGHT = /^(?:\d+\.?\d*|\.\d+)$/;

/** A name may be misused, but not too long to be one. */
const LONGEST_NAME = 64;

interface Wanted {
  readonly language: string;
  readonly weight: number;
}

/**
 * Lists the languages of an Accept-Language field, the one with the highest weight first; equals stay in their order.
 *
 *     parseAcceptLanguage("fr;q=0.5, de-AT, *;q=0.1") // ["de-AT", "fr", "*"]
 *
 * A language of weight 0, or whose weight is no number, is left out.
 *
 * @param text the field's value; several lines joined with ","
 * @returns tags as the client spelled them; [] if none is left
 * @see RFC 9110 §12.5.4
 */
export function parseAcceptLanguage(text: string): string[] {
  const wanted: Wanted[] = [];
  for (const element of text.split(",", MOST_LANGUAGES)) {
    const [name = "", ...parameters] = element.split(";");
    const language = name.trim();
    const weight = weightOf(parameters);
    if (language === "" || language.length > LONGEST_NAME || !(weight > 0)) continue;
    wanted.push({ language, weight });
  }
  // sort() is stable.
  return wanted.sort((a, b) => b.weight - a.weight).map((each) => each.language);
}

/** 1 if nothing is said; 0 if what is said is no number. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const match = /^\s*q\s*=(.*)$/is.exec(parameter);
    if (match === null) continue;
    const text = (match[1] ?? "").trim();
    return WEIGHT.test(text) ? Number(text) : 0;
  }
  return 1;
}
