/**
 * Parses a multipart form whose body is in memory; HTTPServerRequest calls it.
 *
 * MultipartScanner finds the parts; here they become arguments and files, within their limits. Nothing is copied.
 *
 * @see RFC 7578
 */
import type { ResolvedMultipartConfig } from "./bodyconfig.ts";
import { partTooLarge } from "./multiparterror.ts";
import type { HTTPFile } from "./multipartfile.ts";
import type { PartHead } from "./multipartpart.ts";
import { MultipartScanner, type MultipartSink } from "./multipartscanner.ts";

/** Takes what a form has; the maps of a ParsedForm in the making. */
export interface FormSink {
  readonly arguments: Map<string, string[]>;
  readonly files: Map<string, HTTPFile[]>;
}

const nothing = Buffer.alloc(0);

/**
 * Parses the body of a multipart form.
 *
 * @param body     whole; files are views of it, so they keep it alive
 * @param boundary as multipartBoundary() gives it
 * @param limits   how many parts, and how large each
 * @param into     gets arguments as latin1 texts, one character a byte, and files, after those it
 *   already has
 * @throws HTTPInputError 400 ERR_HTTP_MULTIPART if the form is malformed, is not ended by
 *   `--boundary--`, or has more parts or a longer part header than is taken; 413
 *   ERR_HTTP_PART_TOO_LARGE if a part is too large. `into` then has some of them
 */
export function parseMultipart(
  body: Buffer,
  boundary: string,
  limits: ResolvedMultipartConfig,
  into: FormSink,
): void {
  const scanner = new MultipartScanner(boundary, limits, new MemoryParts(limits, into));
  scanner.push(body);
  scanner.end();
}

/** Parts of a form that is pushed whole: the data of each comes in one call. */
class MemoryParts implements MultipartSink {
  readonly #limits: ResolvedMultipartConfig;
  readonly #into: FormSink;
  #head: PartHead | null = null;
  #bytes: Buffer = nothing;

  constructor(limits: ResolvedMultipartConfig, into: FormSink) {
    this.#limits = limits;
    this.#into = into;
  }

  onPart(head: PartHead): void {
    this.#head = head;
    this.#bytes = nothing;
  }

  onData(bytes: Buffer): void {
    const { maxFieldBytes, maxFileBytes } = this.#limits;
    const isField = this.#head?.filename === null;
    if (isField && bytes.length > maxFieldBytes) throw partTooLarge("maxFieldBytes", maxFieldBytes);
    if (!isField && maxFileBytes !== null && bytes.length > maxFileBytes)
      throw partTooLarge("maxFileBytes", maxFileBytes);
    this.#bytes = bytes;
  }

  onPartEnd(): void {
    if (this.#head === null) return;
    const { name, filename, contentType } = this.#head;
    const bytes = this.#bytes;
    if (filename === null) {
      append(this.#into.arguments, name, bytes.toString("latin1"));
      return;
    }
    const file = { filename, contentType, size: bytes.length, body: bytes, path: null };
    append(this.#into.files, name, file);
  }
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}
