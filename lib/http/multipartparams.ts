/**
 * Parameters of Content-Disposition and Content-Type, as multipart forms need them:
 * `form-data; name="a"; filename="b.txt"; filename*=UTF-8''%C3%A1.txt`.
 *
 * The reading is that of Tornado and of browsers, not of a grammar alone: in a quoted string `\"`
 * and `\\` stand for `"` and `\`, and any other backslash for itself, for browsers send
 * `C:\a.txt` as it is; a value without quotes ends at the next `;`. Each character is looked at a
 * fixed number of times.
 */
import { isUtf8 } from "node:buffer";
import { quote } from "../base/describe.ts";
import { percentDecode } from "./forms.ts";
import { multipartError } from "./multiparterror.ts";

/** A field value and its parameters. */
export interface ParameterizedValue {
  /** What stands before the first ";", in lower case. */
  readonly value: string;
  /**
   * By name in lower case; `name*` (RFC 8187) is decoded and stands under `name`. Other values are
   * UTF-8 where they are UTF-8, else latin1.
   */
  readonly parameters: ReadonlyMap<string, string>;
}

const ESCAPE = /\\(["\\])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const NOT_ASCII = /[\x80-\xff]/;
const EXTENDED = /^([^']*)'[^']*'(.*)$/;

/**
 * Reads a field value with parameters.
 *
 * @param text latin1, without controls other than tab
 * @throws HTTPInputError 400 ERR_HTTP_MULTIPART for a quoted string without an end or with
 *   something after it, a parameter that comes twice, and a `name*` that cannot be decoded
 */
export function parseParameters(text: string): ParameterizedValue {
  const found = new Map<string, string>();
  let end = text.indexOf(";");
  if (end === -1) return { value: text.trim().toLowerCase(), parameters: found };
  const value = text.slice(0, end).trim().toLowerCase();
  while (end < text.length) {
    const start = end + 1;
    const equals = nameEnd(text, start);
    const name = text.slice(start, equals).trim().toLowerCase();
    if (text[equals] !== "=") {
      // Nothing between two ";", or a word without a value, which says nothing that is asked for.
      end = equals;
      continue;
    }
    let from = equals + 1;
    while (text[from] === " " || text[from] === "\t") from++;
    end = text[from] === '"' ? quotedEnd(text, from) : plainEnd(text, from);
    if (found.has(name)) throw malformed(text, `${quote(name)} comes twice`);
    found.set(name, parameterValue(text.slice(from, end).trim(), text));
  }
  return { value, parameters: decodeExtended(found, text) };
}

/** @returns the offset of the "=" after a name, or of the ";" or the end before which there is none */
function nameEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== "=" && text[at] !== ";") at++;
  return at;
}

/** @returns the offset of the ";" after the quoted string that begins at `start`, or the end */
function quotedEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') {
    if (at >= text.length) throw malformed(text, "a quoted string has no end");
    at += text[at] === "\\" && (text[at + 1] === '"' || text[at + 1] === "\\") ? 2 : 1;
  }
  do at++;
  while (text[at] === " " || text[at] === "\t");
  if (at < text.length && text[at] !== ";")
    throw malformed(text, "something stands behind a quoted string");
  return at;
}

function plainEnd(text: string, start: number): number {
  const end = text.indexOf(";", start);
  return end === -1 ? text.length : end;
}

function parameterValue(written: string, text: string): string {
  if (written.startsWith('"')) return written.slice(1, -1).replace(ESCAPE, "$1");
  if (written.includes('"')) throw malformed(text, "a quote stands in the middle of a value");
  return written;
}

/** Decodes values: those of `name*` by their charset, and lets them take the place of `name`. */
function decodeExtended(found: Map<string, string>, text: string): Map<string, string> {
  const decoded = new Map<string, string>();
  for (const [name, value] of found) {
    if (!name.endsWith("*")) decoded.set(name, decodeText(value));
  }
  for (const [name, value] of found) {
    if (name.endsWith("*")) decoded.set(name.slice(0, -1), extendedValue(value, text));
  }
  return decoded;
}

function decodeText(latin1: string): string {
  if (!NOT_ASCII.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : latin1;
}

/** `UTF-8''%C3%A1.txt` → "á.txt". @see RFC 8187 §3.2 */
function extendedValue(value: string, text: string): string {
  const [, charset = "", encoded = ""] = EXTENDED.exec(value) ?? [];
  let decoded: string;
  try {
    const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
    decoded = decoder.decode(Buffer.from(percentDecode(encoded), "latin1"));
  } catch (cause) {
    throw malformed(text, `${quote(value)} is not charset'language'percent-encoded text`, cause);
  }
  if (CONTROL.test(decoded)) throw malformed(text, `${quote(decoded)} has a control character`);
  return decoded;
}

function malformed(text: string, why: string, cause?: unknown): Error {
  return multipartError(
    `the parameters of ${quote(text)} are malformed: ${why}`,
    cause === undefined ? {} : { cause },
  );
}
