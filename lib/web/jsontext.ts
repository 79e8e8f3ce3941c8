/** JSON as a response: what write() sends for an object. */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";

/**
 * Writes an object as JSON that is safe inside HTML, too: `</` is written `<\/`, as in Tornado.
 *
 * @throws CodedError ERR_HTTP_WRITE_TYPE for what is no object; for an array, whose JSON old browsers would run as a script
 */
export function jsonText(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const why = Array.isArray(value) ? "; wrap the array in an object, as {items: […]}" : "";
    throw new CodedError(
      "ERR_HTTP_WRITE_TYPE",
      `write() was given ${describe(value)}; allowed are strings, Uint8Arrays and plain objects${why}`,
    );
  }
  const text = JSON.stringify(value);
  return text.includes("</") ? text.replaceAll("</", "<\\/") : text;
}
