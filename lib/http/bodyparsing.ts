/**
 * Which body is a form, and of which kind: Tornado's parse_body_arguments and
 * parse_multipart_form_data. HTTPServerRequest calls the first.
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";
import {
  type ParseBodyConfig,
  parseBodyConfig,
  type ResolvedMultipartConfig,
} from "./bodyconfig.ts";
import { parseUrlEncoded } from "./forms.ts";
import type { HTTPHeaders } from "./httpheaders.ts";
import { parseMultipart } from "./multipart.ts";
import { multipartError } from "./multiparterror.ts";
import type { HTTPFile } from "./multipartfile.ts";
import { multipartBoundary } from "./multipartpart.ts";

const FORM = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/**
 * Parses a body if it is a form: if its Content-Type begins, in any case, with
 * application/x-www-form-urlencoded or multipart/form-data.
 *
 * @param contentType as in the head
 * @param body        whole
 * @param into        gets values as latin1 texts, one character a byte, after those it already has
 * @param files       gets the files of a multipart form, likewise
 * @param headers     of the request; null = not known
 * @param config      the limits; none = those of setParseBodyConfig
 * @throws HTTPInputError 400 ERR_HTTP_FORM_ENCODING if the headers of a form have a
 *   Content-Encoding; 400 ERR_HTTP_TOO_MANY_ARGUMENTS; as parseMultipart(). The maps may then have
 *   some of the form
 */
export function parseBodyArguments(
  contentType: string,
  body: Buffer,
  into: Map<string, string[]>,
  files: Map<string, HTTPFile[]>,
  headers: HTTPHeaders | null = null,
  config: ParseBodyConfig = parseBodyConfig(),
): void {
  const kind = contentType.slice(0, FORM.length).toLowerCase();
  const isMultipart = kind.startsWith(MULTIPART);
  if (!isMultipart && kind !== FORM) return;
  const encoding = headers?.get("content-encoding") ?? null;
  if (encoding !== null) throw stillEncoded(encoding);
  if (!isMultipart) parseUrlEncoded(body, into, config.urlencoded.maxArguments);
  else if (config.multipart.enabled) {
    parseMultipartFormData(multipartBoundary(contentType), body, into, files, config.multipart);
  } else throw multipartError("multipart forms are disabled by setParseBodyConfig");
}

/**
 * Parses a multipart form.
 *
 * @param boundary without the dashes before it; in quotes or not
 * @param body     whole; files are views of it
 * @param into     gets values as latin1 texts, one character a byte, after those it already has
 * @param files    gets the files, likewise
 * @param config   the limits; none = those of setParseBodyConfig
 * @throws HTTPInputError as parseMultipart()
 */
export function parseMultipartFormData(
  boundary: string,
  body: Buffer,
  into: Map<string, string[]>,
  files: Map<string, HTTPFile[]>,
  config: ResolvedMultipartConfig = parseBodyConfig().multipart,
): void {
  const isQuoted = boundary.length > 1 && boundary.startsWith('"') && boundary.endsWith('"');
  const plain = isQuoted ? boundary.slice(1, -1) : boundary;
  parseMultipart(body, plain, config, { arguments: into, files });
}

/** A form that is still encoded is none; who decodes a body takes the field away. */
export function stillEncoded(contentEncoding: string): HTTPInputError {
  return new HTTPInputError(
    400,
    "ERR_HTTP_FORM_ENCODING",
    `the form has Content-Encoding ${quote(contentEncoding)}; only forms without one are read`,
  );
}
