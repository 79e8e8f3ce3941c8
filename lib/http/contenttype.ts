/**
 * Content types of files by the extension of their name, after Tornado's StaticFileHandler.
 *
 * The table is mime-types'. A file that is compressed is sent as what it is, not as what is in it: a browser would
 * otherwise take "page.html.gz" for HTML.
 */
import * as path from "node:path";
import * as mime from "mime-types";

export const OCTET_STREAM = "application/octet-stream";

/** Extensions of compressed files, and their types; those without a registered one are bytes. RFC 6713 */
const compressed: ReadonlyMap<string, string> = new Map([
  ...["gz", "tgz", "taz", "tz", "svgz"].map((name) => [name, "application/gzip"] as const),
  ...["bz2", "tbz2", "xz", "txz", "z", "br", "zst"].map((name) => [name, OCTET_STREAM] as const),
]);

/**
 * The type of a file, without a charset; "application/octet-stream" if the extension is unknown or missing.
 *
 * @param file its name or path
 */
export function contentTypeOf(file: string): string {
  const extension = path.posix.extname(file).slice(1).toLowerCase();
  if (extension === "") return OCTET_STREAM;
  return compressed.get(extension) ?? (mime.lookup(extension) || OCTET_STREAM);
}

/** Adds a charset to a type of text (text/*, JavaScript, JSON); others stay as they are. */
export function withCharset(contentType: string, charset: string): string {
  return mime.charset(contentType) === false ? contentType : `${contentType}; charset=${charset}`;
}
