/** The two ways a multipart form is refused; everything that parses one throws these. */
import { type ErrorDetails, HTTPInputError } from "../base/errors.ts";

/** The form is malformed, or has more parts than are taken: 400 ERR_HTTP_MULTIPART. */
export function multipartError(message: string, details: ErrorDetails = {}): HTTPInputError {
  return new HTTPInputError(400, "ERR_HTTP_MULTIPART", message, details);
}

/** Says that there is one part too many: the same words for forms in memory and on disk. */
export function tooManyParts(maxParts: number): HTTPInputError {
  return multipartError(`the form has more than ${maxParts} parts; raise maxParts if it may`);
}

/** Says that the fields of a part are too long. */
export function partHeadTooLarge(maxPartHeaderBytes: number): HTTPInputError {
  return multipartError(
    `the header of a part is longer than ${maxPartHeaderBytes} bytes; raise maxPartHeaderBytes if it may be`,
  );
}

/** A field or file is larger than is taken: 413. */
export function partTooLarge(limit: string, bytes: number): HTTPInputError {
  return new HTTPInputError(
    413,
    "ERR_HTTP_PART_TOO_LARGE",
    `a part of the form is larger than ${bytes} bytes; raise ${limit} if it may be`,
  );
}
