/**
 * Conditional requests: the entity tag of a response, and whether the client already has it.
 *
 * RequestHandler.finish() calls both for a successful GET or HEAD whose handler set no ETag of its
 * own.
 */
import * as crypto from "node:crypto";

/** A piece of a body: bytes, or text that goes out as UTF-8. */
export type BodyChunk = string | Uint8Array;

/** Longer texts are not remembered: hashing them is dear, but so is keeping them. */
const MOST_REMEMBERED_CHARACTERS = 512;

/** A power of two. 64 texts of 512 characters, two bytes each at most, are 64 KiB. */
const REMEMBERED_COUNT = 64;

/** The tag last made in each slot, and the text it was made of once it was made twice in a row. */
const rememberedTags: string[] = new Array(REMEMBERED_COUNT).fill("");
const rememberedTexts: (string | null)[] = new Array(REMEMBERED_COUNT).fill(null);

/**
 * Makes the strong entity tag of a body: its SHA-1 in hexadecimal, in quotes.
 *
 * SHA-1 is Tornado's choice and tells bodies apart; nothing secret rests on it.
 *
 * @hot bench/micro/conditional.bench.mjs: once per buffered response
 * @see RFC 9110 §8.8.3
 */
export function etagOf(chunks: readonly BodyChunk[]): string {
  const chunk = chunks.length === 1 ? chunks[0] : joinedIfText(chunks);
  if (chunk === undefined) return `"${sha1OfAll(chunks)}"`;
  return typeof chunk === "string" && chunk.length <= MOST_REMEMBERED_CHARACTERS
    ? etagOfShortText(chunk)
    : `"${sha1OfOne(chunk)}"`;
}

/**
 * Tells whether an If-None-Match field names `etag` (or is `*`), so that a GET is answered with
 * 304.
 *
 * Tags are compared weakly: `W/` counts on neither side. What is not a tag in the list is passed
 * over.
 *
 * @param header the field's value, lines joined with ","
 * @param etag   the response's entity tag with its quotes
 * @see RFC 9110 §8.8.3.2, §13.1.2
 */
export function matchesIfNoneMatch(header: string, etag: string): boolean {
  const wanted = etag.startsWith("W/") ? etag.slice(2) : etag;
  let isFirst = true;
  let at = 0;
  while (at < header.length) {
    const character = header[at];
    if (character === "*" && isFirst) return true;
    if (character !== '"') {
      at++;
      continue;
    }
    const end = header.indexOf('"', at + 1) + 1;
    if (end === 0) return false;
    if (end - at === wanted.length && header.startsWith(wanted, at)) return true;
    isFirst = false;
    at = end;
  }
  return false;
}

/**
 * @hot as etagOf(). Handlers answer with the same few short texts again and again, and SHA-1 costs
 *   half a microsecond a text, as much as all else about a small response; remembering costs two
 *   comparisons where it does not help.
 */
function etagOfShortText(text: string): string {
  const slot = (text.length + text.charCodeAt(text.length >> 1)) & (REMEMBERED_COUNT - 1);
  if (rememberedTexts[slot] === text) return rememberedTags[slot]!;
  const tag = `"${sha1OfOne(text)}"`;
  // A copy, because a slice would keep the whole text that it was cut from.
  rememberedTexts[slot] = rememberedTags[slot] === tag ? Buffer.from(text).toString() : null;
  rememberedTags[slot] = tag;
  return tag;
}

/**
 * One update() costs more than the joining of a page's worth of short texts.
 * @returns undefined if some are bytes
 */
function joinedIfText(chunks: readonly BodyChunk[]): string | undefined {
  for (const chunk of chunks) {
    if (typeof chunk !== "string") return undefined;
  }
  return chunks.join("");
}

/** crypto.hash came with Node 20.12 and saves the stream object that createHash makes. */
const sha1OfOne: (chunk: BodyChunk) => string =
  typeof crypto.hash === "function"
    ? (chunk) => crypto.hash("sha1", chunk, "hex")
    : (chunk) => crypto.createHash("sha1").update(chunk).digest("hex");

function sha1OfAll(chunks: readonly BodyChunk[]): string {
  const hash = crypto.createHash("sha1");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
