/**
 * MoFile: a compiled gettext catalogue (`.mo`) read out of its bytes.
 *
 *     const catalogue = parseMoFile(await readFile("fr/LC_MESSAGES/shop.mo"), "fr/LC_MESSAGES/shop.mo");
 *     catalogue.find("%(n)d file", 3);
 *
 * loadGettextTranslations() reads the files; GettextLocale asks the catalogue. A file is trusted no further than its
 * bytes go: every offset is checked, and all texts together may not be longer than the file, so that texts which overlap
 * cannot make a small file a large catalogue.
 *
 *     magic · revision · count · offset of originals · offset of translations · …
 *     both tables: count × (length, offset); a text is followed by NUL; "context EOT singular NUL plural"
 *
 * @see https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html
 */
import { describe, quote } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { germanicForms, type PluralForms, parsePluralForms } from "./pluralforms.ts";

/** Stands between the context of a message and the message. */
export const CONTEXT_SEPARATOR = "\u0004";

/** The messages of one language. */
export class MoCatalogue {
  readonly #messages: ReadonlyMap<string, MoMessage>;
  /** What stands under the empty message: Content-Type, Plural-Forms and so on, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly plurals: PluralForms;

  /** @internal Made by parseMoFile() */
  constructor(
    messages: ReadonlyMap<string, MoMessage>,
    headers: ReadonlyMap<string, string>,
    plurals: PluralForms,
  ) {
    this.#messages = messages;
    this.headers = headers;
    this.plurals = plurals;
  }

  /** How many messages are translated. */
  get size(): number {
    return this.#messages.size;
  }

  /**
   * Finds the translation of a message.
   *
   * @param message with its context and CONTEXT_SEPARATOR before it, if it has one; of a message with a plural, the
   *   singular
   * @param count null = the message as it is; of one with a plural, the form for 1
   * @returns null if there is none, or if `count` is given and the message has no plural
   */
  find(message: string, count: number | null = null): string | null {
    const found = this.#messages.get(message);
    if (found === undefined || (count !== null && !found.hasPlural)) return null;
    const index = found.hasPlural ? this.plurals.indexOf(count ?? 1) : 0;
    return found.forms[index] || null;
  }
}

/** One message: its translation in each form. */
export interface MoMessage {
  readonly hasPlural: boolean;
  readonly forms: readonly string[];
}

type Decoder = InstanceType<typeof TextDecoder>;

const MAGIC = 0x95_04_12_de;
const MAGIC_SWAPPED = 0xde_12_04_95;
const HEADER_BYTES = 20;
/** Length and offset of one text. */
const ENTRY_BYTES = 8;
const NUL = 0;

/** The newest major revision of the format; 1 adds texts that depend on the system, in tables that are skipped. */
const NEWEST_REVISION = 1;

/** What msgfmt's template has where nobody filled in the field. */
const UNFILLED = /INTEGER|EXPRESSION|CHARSET/;

/**
 * Reads a catalogue.
 *
 * @param name the file's name, for messages
 * @throws CodedError ERR_TRANSLATIONS with the file's name if it is malformed, in a newer format, in an encoding that is
 *   not known, or has a Plural-Forms that cannot be understood
 */
export function parseMoFile(bytes: Uint8Array, name: string): MoCatalogue {
  try {
    return readCatalogue(bytes);
  } catch (error) {
    const why = error instanceof CodedError ? error.message : String(error);
    throw new CodedError("ERR_TRANSLATIONS", `${name} cannot be read: ${why}`, { cause: error });
  }
}

function readCatalogue(bytes: Uint8Array): MoCatalogue {
  const texts = new MoTexts(bytes);
  const pairs: (readonly [original: Buffer, translation: Buffer])[] = [];
  for (let i = 0; i < texts.count; i++) pairs.push([texts.original(i), texts.translation(i)]);

  const headers = new Map<string, string>();
  const header = pairs.find(([original]) => original.length === 0);
  if (header !== undefined) readHeaders(header[1].toString("latin1"), headers);
  const decoder = decoderFor(headers.get("content-type") ?? "");

  const messages = new Map<string, MoMessage>();
  for (const [original, translation] of pairs) {
    if (original.length === 0) continue;
    const [message = "", plural] = decoded(decoder, original).split("\0");
    const forms = decoded(decoder, translation).split("\0");
    messages.set(message, { hasPlural: plural !== undefined, forms });
  }
  const plurals = headers.get("plural-forms") ?? "";
  const isSaid = plurals !== "" && !UNFILLED.test(plurals);
  return new MoCatalogue(messages, headers, isSaid ? parsePluralForms(plurals) : germanicForms);
}

/** The two tables of a file, bounds checked. */
class MoTexts {
  readonly #bytes: Buffer;
  readonly #isLittle: boolean;
  readonly count: number;
  readonly #originals: number;
  readonly #translations: number;
  /** Bytes that texts may still have. */
  #left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#left = bytes.length;
    if (bytes.length < HEADER_BYTES) {
      throw broken(`it has ${bytes.length} bytes; a catalogue has ${HEADER_BYTES} or more`);
    }
    const magic = this.#bytes.readUInt32LE(0);
    if (magic !== MAGIC && magic !== MAGIC_SWAPPED) {
      throw broken(
        `it begins with 0x${magic.toString(16)}, not with the magic number of a .mo file`,
      );
    }
    this.#isLittle = magic === MAGIC;
    const revision = this.#word(4) >>> 16;
    if (revision > NEWEST_REVISION) {
      throw broken(`its format has revision ${revision}; 0 and 1 are known`);
    }
    this.count = this.#word(8);
    this.#originals = this.#table(this.#word(12), "originals");
    this.#translations = this.#table(this.#word(16), "translations");
  }

  original(index: number): Buffer {
    return this.#text(this.#originals + index * ENTRY_BYTES);
  }

  translation(index: number): Buffer {
    return this.#text(this.#translations + index * ENTRY_BYTES);
  }

  #table(offset: number, name: string): number {
    if (offset + this.count * ENTRY_BYTES > this.#bytes.length) {
      throw broken(`its table of ${this.count} ${name} at ${offset} is past its end`);
    }
    return offset;
  }

  #text(entry: number): Buffer {
    const length = this.#word(entry);
    const offset = this.#word(entry + 4);
    if (offset + length >= this.#bytes.length || this.#bytes[offset + length] !== NUL) {
      throw broken(
        `the text of ${length} bytes at ${offset} is past its end, or has no NUL after it`,
      );
    }
    this.#left -= length;
    if (this.#left < 0) throw broken("its texts overlap");
    return this.#bytes.subarray(offset, offset + length);
  }

  #word(offset: number): number {
    return this.#isLittle ? this.#bytes.readUInt32LE(offset) : this.#bytes.readUInt32BE(offset);
  }
}

function readHeaders(text: string, into: Map<string, string>): void {
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0)
      into.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

/** @param contentType as in "text/plain; charset=UTF-8"; UTF-8 if it says nothing */
function decoderFor(contentType: string): Decoder {
  const said = /charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "";
  const charset = said === "" || UNFILLED.test(said) ? "utf-8" : said;
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  } catch (error) {
    throw broken(`its encoding ${quote(charset)} is not known; UTF-8 is best`, error);
  }
}

function decoded(decoder: Decoder, bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    const shown = describe(bytes.toString("latin1"));
    throw broken(`the text ${shown} is not in its encoding, ${decoder.encoding}`, error);
  }
}

function broken(why: string, cause?: unknown): CodedError {
  return new CodedError("ERR_TRANSLATIONS", why, cause === undefined ? {} : { cause });
}
