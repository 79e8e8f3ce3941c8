/**
 * Parses a multipart form whose body is in memory; HTTPServerRequest calls it.
 *
 *     --boundary CRLF field lines CRLF CRLF bytes CRLF --boundary … CRLF --boundary-- anything
 *
 * This scanner is our own, beside the one of @fastify/busboy that streams uploads to disk, because a
 * body that is there whole asks for things which that one does not do: it works in several turns of
 * the loop, ignores `filename*` behind a plain file name, cuts a header that is too long and goes
 * on, and leaves out what is malformed instead of refusing it. Here the first fault ends the
 * scanning; what was found before is with the caller, who throws it away. Each byte is looked at a
 * fixed number of times and nothing is copied.
 *
 * @see RFC 7578, RFC 2046 §5.1.1
 */
import type { ResolvedMultipartConfig } from "./bodyconfig.ts";
import { multipartError, partHeadTooLarge, partTooLarge, tooManyParts } from "./multiparterror.ts";
import type { HTTPFile } from "./multipartfile.ts";
import { type PartHead, partHead } from "./multipartpart.ts";

/** Takes what a form has; the maps of a ParsedForm in the making. */
export interface FormSink {
  readonly arguments: Map<string, string[]>;
  readonly files: Map<string, HTTPFile[]>;
}

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const CRLF_BYTES = 2;
const HEAD_END = Buffer.from("\r\n\r\n");

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
  const delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
  let at = firstDelimiterEnd(body, delimiter);
  for (let count = 0; !isLast(body, at); ) {
    if (++count > limits.maxParts) throw tooManyParts(limits.maxParts);
    const start = at + CRLF_BYTES;
    const headEnd = endOfHead(body, start, limits.maxPartHeaderBytes);
    const dataStart = headEnd + HEAD_END.length;
    // The empty line may be the boundary's own: such a part is empty, as in Tornado.
    const dataEnd = body.indexOf(delimiter, dataStart - CRLF_BYTES);
    if (dataEnd === -1) throw unfinished();
    const head = partHead(body.toString("latin1", start, headEnd));
    addPart(head, body.subarray(dataStart, dataEnd), limits, into);
    at = dataEnd + delimiter.length;
  }
}

/**
 * Finds the end of the first delimiter. A preamble, which RFC 2046 allows, is refused as in
 * Tornado: nobody sends one, and who does wants to be read in two ways. The CRLF that belongs to
 * the delimiter may be there.
 */
function firstDelimiterEnd(body: Buffer, delimiter: Buffer): number {
  if (startsWith(body, delimiter)) return delimiter.length;
  if (startsWith(body, delimiter.subarray(CRLF_BYTES))) return delimiter.length - CRLF_BYTES;
  throw multipartError("the form does not begin with its boundary");
}

/** @returns whether the delimiter that ends at `at` is the last one */
function isLast(body: Buffer, at: number): boolean {
  if (body[at] === DASH && body[at + 1] === DASH) return true;
  if (body[at] === CR && body[at + 1] === LF) return false;
  if (body.length < at + CRLF_BYTES) throw unfinished();
  throw multipartError("a boundary is followed by neither CRLF nor --");
}

function endOfHead(body: Buffer, start: number, maxBytes: number): number {
  // Only so far: a search to the end of the body, for each part, would make the whole quadratic.
  const within = body.subarray(start, start + maxBytes + HEAD_END.length);
  const length = within.indexOf(HEAD_END);
  if (length !== -1) return start + length;
  if (body.length - start > maxBytes + HEAD_END.length) throw partHeadTooLarge(maxBytes);
  throw multipartError("the header of a part has no end");
}

function addPart(
  head: PartHead,
  bytes: Buffer,
  { maxFieldBytes, maxFileBytes }: ResolvedMultipartConfig,
  into: FormSink,
): void {
  const { name, filename, contentType } = head;
  if (filename === null) {
    if (bytes.length > maxFieldBytes) throw partTooLarge("maxFieldBytes", maxFieldBytes);
    append(into.arguments, name, bytes.toString("latin1"));
    return;
  }
  if (maxFileBytes !== null && bytes.length > maxFileBytes)
    throw partTooLarge("maxFileBytes", maxFileBytes);
  const file = { filename, contentType, size: bytes.length, body: bytes, path: null };
  append(into.files, name, file);
}

function append<T>(lists: Map<string, T[]>, name: string, item: T): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}

function startsWith(body: Buffer, bytes: Buffer): boolean {
  return body.length >= bytes.length && bytes.compare(body, 0, bytes.length) === 0;
}

function unfinished(): Error {
  return multipartError("the form is not ended by its boundary and --");
}
