/**
 * JSON of a request: bytes that a peer sent, to a value. HTTPServerRequest.json() calls it.
 *
 * Three texts that JSON.parse takes are refused, and one that it refuses is taken:
 * - Bytes that are not UTF-8: they would become U+FFFD, and two different names the same one.
 * - An object with an own property `__proto__`. JSON.parse makes it, and the first Object.assign or
 *   deep merge that copies it changes the prototype of its target. No honest client sends one.
 * - Arrays and objects in one another deeper than maxDepth: V8 parses any depth, but what is done with
 *   the value afterwards (a validator, JSON.stringify) calls itself for each level, and runs out of
 *   stack some thousands down.
 * - A byte order mark at the beginning is skipped, as RFC 8259 §8.1 allows.
 *
 * Of several members with one name the last one counts, as everywhere in JavaScript.
 */
import { isAscii, isUtf8 } from "node:buffer";
import { HTTPInputError } from "../base/errors.ts";

const BYTE_ORDER_MARK = 0xfeff;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;
const POISON = "__proto__";

/** Deepest nesting, where nothing else is set; that of Jackson. */
export const MOST_JSON_DEPTH = 1000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** "[" and "{", "]" and "}" are the same but for this bit. */
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * Parses a body as JSON.
 *
 * @hot bench/run.mjs: once per JSON request; one text and the value
 * @param maxDepth most arrays and objects in one another
 * @throws HTTPInputError 400 ERR_HTTP_JSON if it is not UTF-8, is malformed or too deep, or has a
 *   property `__proto__`
 * @see RFC 8259 §9
 */
export function parseJson(body: Buffer, maxDepth: number = MOST_JSON_DEPTH): unknown {
  let text = textOf(body);
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(text === "" ? "it is empty" : whyOf(cause), cause);
  }
  // Each level takes two characters.
  if (text.length > 2 * maxDepth && isDeeper(text, maxDepth)) {
    throw malformed(`it is nested deeper than ${maxDepth} levels`);
  }
  // The name can only be there if it is in the text, be it with escapes.
  if ((text.includes(POISON) || text.includes("\\u00")) && isPoisoned(value)) {
    throw malformed(`it has a property ${POISON}, which is not taken`);
  }
  return value;
}

/** Most bodies are ASCII, and latin1 is decoded faster. */
function textOf(body: Buffer): string {
  if (isAscii(body)) return body.latin1Slice(0, body.length);
  if (!isUtf8(body)) throw malformed("it is not valid UTF-8");
  return body.toString("utf8");
}

/** Of well-formed JSON: are there more levels than `maxDepth`? */
function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = stringEnd(text, at);
    else if ((unit | BRACE_BIT) === OPENING && ++depth > maxDepth) return true;
    else if ((unit | BRACE_BIT) === CLOSING) depth--;
  }
  return false;
}

/** @returns the offset of the quote that ends the string which begins at `start` */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) at++;
  }
  return text.length;
}

/** Does any object in it have an own `__proto__`? A list of work, for a peer decides the depth. */
function isPoisoned(value: unknown): boolean {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, POISON)) return true;
    for (const item of Object.values(next)) {
      if (typeof item === "object" && item !== null) waiting.push(item);
    }
  }
  return false;
}

/** What JSON.parse says; it shows some of the text, which must not break the log's lines. */
function whyOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(CONTROLS, " ") : "it cannot be parsed";
}

function malformed(why: string, cause?: unknown): HTTPInputError {
  const details = cause === undefined ? {} : { cause };
  return new HTTPInputError(400, "ERR_HTTP_JSON", `the body is no JSON: ${why}`, details);
}
