/**
 * What a language is called in itself, and which way it is written: `name` and `rtl` of a Locale.
 *
 * Names are those of Intl, with the region only where it tells two of one language apart, as in Tornado's table; the few
 * that Tornado spells otherwise are listed here.
 */

const names: ReadonlyMap<string, string> = new Map([
  ["ar_AR", "العربية"],
  ["bn_IN", "বাংলা"],
  ["en_US", "English (US)"],
  ["es_ES", "Español (España)"],
  ["es_LA", "Español"],
  ["id_ID", "Bahasa Indonesia"],
  ["ms_MY", "Bahasa Melayu"],
  ["nb_NO", "Norsk (bokmål)"],
  ["nn_NO", "Norsk (nynorsk)"],
  ["pt_BR", "Português (Brasil)"],
  ["sw_KE", "Kiswahili"],
  ["th_TH", "ภาษาไทย"],
  ["zh_CN", "中文(简体)"],
  ["zh_TW", "中文(繁體)"],
]);

/** Languages written from right to left, whatever script Intl thinks of. */
const rightToLeft = new Set(["ar", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"]);

/** Where Intl knows nothing of a language. */
const FALLBACK_TAG = "en";

/** The language of a code: "pt" of "pt_BR". */
export function languageOf(code: string): string {
  return code.split(/[_@.]/, 1)[0] ?? code;
}

/**
 * The tag by which Intl knows a locale; "en" if it does not. Never the language of the system that the server runs on.
 *
 * @param code as in "pt_BR", "sr_Latn_RS" or gettext's "ca@valencia"
 */
export function tagOf(code: string): string {
  const tag = code.replace(/[@.].*$/s, "").replaceAll("_", "-");
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([tag])[0] ?? FALLBACK_TAG;
  } catch {
    return FALLBACK_TAG;
  }
}

/** Whether a tag is English's, be it for want of a better one: texts are English without a translation. */
export function isEnglish(tag: string): boolean {
  return tag === FALLBACK_TAG || tag.startsWith(`${FALLBACK_TAG}-`);
}

/** The name of a locale in its own language; "Unknown" if there is none. */
export function nameOf(code: string): string {
  const name = names.get(code);
  if (name !== undefined) return name;
  const tag = tagOf(code);
  const language = languageOf(code);
  if (tag === FALLBACK_TAG && language !== FALLBACK_TAG) return "Unknown";
  const { region } = new Intl.Locale(tag);
  const isMain = new Intl.Locale(language).maximize().region === region;
  const display = new Intl.DisplayNames(tag, {
    type: "language",
    style: "short",
    languageDisplay: "standard",
  });
  const own = display.of(isMain ? language : tag) ?? "Unknown";
  return own.charAt(0).toLocaleUpperCase(tag) + own.slice(1);
}

/** Whether a locale is written from right to left. */
export function isRightToLeft(code: string): boolean {
  return rightToLeft.has(languageOf(code));
}
