/**
 * CompressionTypes: the media types whose bodies are worth compressing.
 *
 * Made of the option `types` once per application, asked once per response.
 */

/** What a setting may name: "text/css", "text/*", or "*\/*+json" for a structured syntax. */
export const TYPE_PATTERN = /^(?:[\w.!#$&^-]+\/(?:\*|[\w.+!#$&^-]+)|\*\/\*\+\w+)$/;

/** Tornado's types, and what else of the kind the web has come to. */
export const defaultTypes: readonly string[] = [
  "text/*",
  "*/*+json",
  "*/*+xml",
  "application/ecmascript",
  "application/javascript",
  "application/json",
  "application/wasm",
  "application/x-javascript",
  "application/x-ndjson",
  "application/xml",
  "application/vnd.ms-fontobject",
  "font/otf",
  "font/ttf",
  "image/bmp",
  "image/x-icon",
];

/** Events must arrive one by one, and compressors and proxies are fond of waiting: only on demand. */
const ONLY_BY_NAME = "text/event-stream";

export class CompressionTypes {
  readonly #names = new Set<string>();
  /** "text/" of "text/*". */
  readonly #families = new Set<string>();
  /** "+json" of "*\/*+json". */
  readonly #suffixes = new Set<string>();

  /** @param patterns as TYPE_PATTERN says, in any case */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) {
      const lower = pattern.toLowerCase();
      if (lower.startsWith("*/*")) this.#suffixes.add(lower.slice("*/*".length));
      else if (lower.endsWith("/*")) this.#families.add(lower.slice(0, -1));
      else this.#names.add(lower);
    }
  }

  /** @param contentType a Content-Type field, parameters and all; undefined = none, which is not compressed */
  includes(contentType: string | undefined): boolean {
    if (contentType === undefined) return false;
    const semicolon = contentType.indexOf(";");
    const type = (semicolon === -1 ? contentType : contentType.slice(0, semicolon))
      .trim()
      .toLowerCase();
    if (this.#names.has(type)) return true;
    if (type === ONLY_BY_NAME) return false;
    if (this.#families.has(type.slice(0, type.indexOf("/") + 1))) return true;
    const plus = type.lastIndexOf("+");
    return plus !== -1 && this.#suffixes.has(type.slice(plus));
  }
}
