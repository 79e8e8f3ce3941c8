/**
 * Reads files of translations into the locales of the process, after tornado.locale.
 *
 *     await loadTranslations("translations");                   // translations/pt_BR.csv, translations/ru.json
 *     await loadGettextTranslations("locale", "shop");          // locale/pt_BR/LC_MESSAGES/shop.mo
 *     new Application(routes).listen(8888);
 *
 * Both are called at start and awaited before the server listens: unlike Tornado's they do not block, and until they are
 * done every locale is the default one. Each replaces all that was loaded before, and only when it has read everything:
 * after an error the translations are those of before. A file that cannot be read is an error; a row of a CSV file that
 * makes no sense is logged and skipped, as in Tornado.
 */
import { type Dirent, promises as fs } from "node:fs";
import path from "node:path";
import { MiB } from "../base/bytes.ts";
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { watch } from "../base/watched.ts";
import { parseCSV } from "../http/csv.ts";
import { parseMoFile } from "../http/mofile.ts";
import { CSVLocale } from "./csvlocale.ts";
import { GettextLocale } from "./gettextlocale.ts";
import { JSONLocale, type PluralTranslations } from "./jsonlocale.ts";
import { getSupportedLocales, isLocaleCode, type Locale, useTranslations } from "./locale.ts";

/** A file of translations is hundreds of KiB at most; a larger one is something else. */
const MOST_FILE_BYTES = 16 * MiB;

/** Rows of one file that are logged; more of them are counted. */
const MOST_LOGGED_ROWS = 20;

/** As Tornado names files: "es", "es_GT"; also "es_419", "sr_Latn". */
const FILE_CODE = /^[a-z]{2,8}(?:_[A-Za-z0-9]{2,8}){0,2}$/;

const indicators = ["unknown", "singular", "plural"] as const;
type Indicator = (typeof indicators)[number];

const categories = ["zero", "one", "two", "few", "many", "other"];

/**
 * Loads every `<code>.csv` and `<code>.json` of a folder.
 *
 * A row of CSV is `message,translation` or `message,translation,plural|singular|unknown`. JSON is described at JSONLocale;
 * it is UTF-8. Where a language has both, JSON is taken.
 *
 * @param encoding of the CSV files, as TextDecoder names it; null = UTF-8 or UTF-16, by the byte-order mark; UTF-8 without
 * @throws CodedError ERR_ARGUMENT_RANGE for an encoding that is not known; ERR_TRANSLATIONS, with the file's name, if a
 *   file or the folder cannot be read, is not in its encoding, over 16 MiB, or is no JSON of that shape
 */
export async function loadTranslations(
  directory: string,
  encoding: string | null = null,
): Promise<void> {
  if (encoding !== null) checkEncoding(encoding);
  const locales = new Map<string, Locale>();
  // Sorted, so that JSON comes after CSV of the same language, and logs are the same everywhere.
  for (const entry of await entriesOf(directory)) {
    const { ext, name: code } = path.parse(entry.name);
    if (ext !== ".csv" && ext !== ".json") continue;
    const file = path.join(directory, entry.name);
    if (!FILE_CODE.test(code)) {
      log.error(`Unrecognized locale ${quote(code)} (path: ${file})`);
      continue;
    }
    const bytes = await readBounded(file);
    if (locales.has(code)) log.warn(`${code} has a CSV and a JSON file; ${file} is taken`);
    locales.set(
      code,
      ext === ".csv" ? readCSV(code, file, bytes, encoding) : readJSON(code, file, bytes),
    );
  }
  warnOfNone(locales, directory, '"de_DE.csv" or "de.json"');
  use(locales);
}

/**
 * Loads `<directory>/<code>/LC_MESSAGES/<domain>.mo` for every language that has one.
 *
 * @throws CodedError ERR_TRANSLATIONS, with the file's name, if a file or the folder cannot be read or a file is malformed
 */
export async function loadGettextTranslations(directory: string, domain: string): Promise<void> {
  if (domain === "" || /[/\\\0]/.test(domain)) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the domain is ${describe(domain)}; allowed is the name of a .mo file without its folder`,
    );
  }
  const locales = new Map<string, Locale>();
  for (const { name } of await entriesOf(directory)) {
    if (!isLocaleCode(name)) continue;
    const file = path.join(directory, name, "LC_MESSAGES", `${domain}.mo`);
    const bytes = await readBounded(file, { mayBeMissing: true });
    if (bytes === null) continue;
    const code = name.replaceAll("-", "_");
    locales.set(code, new GettextLocale(code, parseMoFile(bytes, file)));
  }
  warnOfNone(locales, directory, quote(`de/LC_MESSAGES/${domain}.mo`));
  use(locales);
}

// Steps.

/** It is no error, as in Tornado, but hardly what was meant: a domain or a folder was mistyped. */
function warnOfNone(
  locales: ReadonlyMap<string, Locale>,
  directory: string,
  example: string,
): void {
  if (locales.size > 0) return;
  log.warn(`no translations in ${path.resolve(directory)}: looked for files such as ${example}`);
}

function use(locales: ReadonlyMap<string, Locale>): void {
  useTranslations(locales);
  log.debug(`Supported locales: ${[...getSupportedLocales()].sort().join(", ")}`);
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  watch(directory);
  try {
    const entries = await fs.readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(directory, error);
    throw new CodedError(
      "ERR_TRANSLATIONS",
      `${path.resolve(directory)} cannot be read: there is no such folder of translations; make it, or correct the path`,
      { cause: error },
    );
  }
}

async function readBounded(file: string): Promise<Buffer>;
async function readBounded(
  file: string,
  options: { readonly mayBeMissing: true },
): Promise<Buffer | null>;
async function readBounded(file: string, { mayBeMissing = false } = {}): Promise<Buffer | null> {
  try {
    const { size } = await fs.stat(file);
    if (size > MOST_FILE_BYTES) {
      throw malformed(file, `it has ${size} bytes; at most ${MOST_FILE_BYTES} are read`);
    }
    return await fs.readFile(file);
  } catch (error) {
    if (error instanceof CodedError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (mayBeMissing && (code === "ENOENT" || code === "ENOTDIR")) return null;
    throw unreadable(file, error);
  }
}

function readCSV(code: string, file: string, bytes: Buffer, encoding: string | null): CSVLocale {
  const maps: Record<Indicator, Map<string, string>> = {
    unknown: new Map(),
    singular: new Map(),
    plural: new Map(),
  };
  let skipped = 0;
  for (const { line, cells } of parseCSV(decodeText(file, bytes, encoding))) {
    const [message = "", translation, said = ""] = cells.map((cell) => cell.trim());
    const indicator = (said || "unknown") as Indicator;
    if (translation !== undefined && indicators.includes(indicator)) {
      maps[indicator].set(message, translation);
    } else if (translation !== undefined || message !== "") {
      skipped++;
      if (skipped <= MOST_LOGGED_ROWS) log.error(whyNot(file, line, translation, said));
    }
  }
  if (skipped > MOST_LOGGED_ROWS) log.error(`${file}: ${skipped} rows were skipped`);
  return new CSVLocale(code, maps);
}

function whyNot(file: string, line: number, translation: string | undefined, said: string): string {
  return translation === undefined
    ? `No translation in ${file} line ${line}: a row has two or three cells`
    : `Unrecognized plural indicator ${quote(said)} in ${file} line ${line}`;
}

function readJSON(code: string, file: string, bytes: Buffer): JSONLocale {
  const text = decodeText(file, bytes, "utf-8");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw malformed(file, error instanceof Error ? error.message : "it is no JSON", error);
  }
  if (!isObject(parsed)) throw malformed(file, "it is no object of messages");
  const translations = new Map<string, string | PluralTranslations>();
  for (const [message, value] of Object.entries(parsed)) {
    if (typeof value !== "string" && !isPlural(value)) {
      throw malformed(
        file,
        `the translation of ${quote(message)} is ${describe(value)}; allowed are a string and an ` +
          `object of strings with "other" and any of ${categories.slice(0, -1).join(", ")}`,
      );
    }
    translations.set(message, value);
  }
  return new JSONLocale(code, translations);
}

function isPlural(value: unknown): value is PluralTranslations {
  if (!isObject(value) || !Object.hasOwn(value, "other")) return false;
  return Object.entries(value).every(
    ([category, form]) => categories.includes(category) && typeof form === "string",
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Decodes a file and takes its byte-order mark off. */
function decodeText(file: string, bytes: Buffer, encoding: string | null): string {
  const marked = markOf(bytes);
  // "utf-16" alone does not say in which order; the mark does.
  const isUTF16 = encoding === null || /^utf-?16$/i.test(encoding);
  const label = isUTF16 ? (marked ?? encoding ?? "utf-8") : labelOf(encoding);
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformed(file, `it is not ${label}`, error);
  }
}

function markOf(bytes: Buffer): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return null;
}

/** Python's name for UTF-8 with a mark, which TextDecoder takes off anyway. */
function labelOf(encoding: string): string {
  return /^utf-?8-sig$/i.test(encoding) ? "utf-8" : encoding;
}

function checkEncoding(encoding: string): void {
  try {
    new TextDecoder(labelOf(encoding));
  } catch (error) {
    throw new CodedError(
      "ERR_ARGUMENT_RANGE",
      `the encoding is ${describe(encoding)}; allowed are names that TextDecoder knows, such as "utf-8"`,
      { cause: error },
    );
  }
}

function unreadable(file: string, cause: unknown): CodedError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new CodedError("ERR_TRANSLATIONS", `${file} cannot be read: ${why}`, { cause });
}

function malformed(file: string, why: string, cause?: unknown): CodedError {
  const details = cause === undefined ? {} : { cause };
  return new CodedError("ERR_TRANSLATIONS", `${file} is malformed: ${why}`, details);
}
