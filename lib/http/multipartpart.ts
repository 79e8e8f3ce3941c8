/**
 * What the header of a part of a multipart form says, and the boundary that parts it.
 *
 * MultipartScanner asks partHead() for each part, in memory or on its way to disk.
 */
import { quote } from "../base/describe.ts";
import { HTTPInputError } from "../base/errors.ts";
import { HTTPHeaders } from "./httpheaders.ts";
import { multipartError } from "./multiparterror.ts";
import { parseParameters } from "./multipartparams.ts";

/** What a part says of itself. */
export interface PartHead {
  /** The field's name; never empty. */
  readonly name: string;
  /** As the client named the file; null if the part is no file. */
  readonly filename: string | null;
  /** "application/unknown" if the client said nothing. */
  readonly contentType: string;
}

/** Longest boundary. RFC 2046 §5.1.1. */
const MOST_BOUNDARY_CHARACTERS = 70;

/** Visible ASCII, and spaces that are not last; more than RFC 2046 allows, for clients send more. */
const BOUNDARY = /^[\x20-\x7e]*[\x21-\x7e]$/;

const UNKNOWN_TYPE = "application/unknown";

/**
 * Finds the boundary in a Content-Type.
 *
 * @param contentType latin1, as in the head
 * @returns 1 to 70 characters
 * @throws HTTPInputError 400 ERR_HTTP_MULTIPART if there is none, or none that may be one
 * @see RFC 2046 §5.1.1, RFC 7578 §4.1
 */
export function multipartBoundary(contentType: string): string {
  const boundary = parseParameters(contentType).parameters.get("boundary") ?? "";
  if (boundary === "") {
    throw multipartError(
      `Content-Type ${quote(contentType)} has no boundary; a multipart form needs one`,
    );
  }
  if (boundary.length > MOST_BOUNDARY_CHARACTERS || !BOUNDARY.test(boundary)) {
    throw multipartError(
      `the boundary ${quote(boundary)} is malformed; allowed are up to ${MOST_BOUNDARY_CHARACTERS} visible characters`,
    );
  }
  return boundary;
}

/**
 * Reads the header of a part, by the grammar of a message's: no folded line, no bare CR or LF.
 *
 * A part is a file if it has a file name that is not empty: browsers send an empty one for a file
 * that nobody has chosen, and Tornado makes an argument of it.
 *
 * @param text latin1, without the empty line at its end
 * @throws HTTPInputError 400 ERR_HTTP_MULTIPART for a malformed line; unless there is exactly one
 *   Content-Disposition, and it is form-data with a name
 * @see RFC 7578 §4.2, §4.4, §4.8
 */
export function partHead(text: string): PartHead {
  const headers = headersOf(text.split("\r\n"));
  const dispositions = headers.getList("content-disposition");
  const [disposition] = dispositions;
  if (disposition === undefined || dispositions.length > 1) {
    throw multipartError(
      `a part has ${dispositions.length} Content-Disposition fields; it needs one`,
    );
  }
  const { value, parameters } = parseParameters(disposition);
  if (value !== "form-data") {
    throw multipartError(
      `the Content-Disposition of a part is ${quote(value)}; allowed is form-data`,
    );
  }
  const name = parameters.get("name") ?? "";
  if (name === "") throw multipartError(`a part has no name: ${quote(disposition)}`);
  return {
    name,
    filename: parameters.get("filename") || null,
    contentType: headers.get("content-type") || UNKNOWN_TYPE,
  };
}

function headersOf(lines: readonly string[]): HTTPHeaders {
  const headers = new HTTPHeaders();
  try {
    for (const line of lines) {
      // parseLine() would take one at the end of a line for that end.
      if (line.includes("\n")) throw multipartError("a bare LF stands in it");
      headers.parseLine(line);
    }
  } catch (cause) {
    if (!(cause instanceof HTTPInputError)) throw cause;
    throw multipartError(`the header of a part is malformed: ${cause.message}`, { cause });
  }
  return headers;
}
