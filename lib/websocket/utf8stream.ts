/**
 * Utf8Stream: judges text that comes in pieces, and refuses it at the first byte that can be in no valid text.
 *
 * The frame reader has one while a text message is incomplete. Whole characters are judged by Node's isUtf8, which is
 * vectorised; only a character that a piece cuts in two is looked at byte by byte.
 *
 * @see RFC 3629 §4; RFC 6455 §8.1
 */
import { isUtf8 } from "node:buffer";

const LONGEST_CHARACTER = 4;

export class Utf8Stream {
  /** The beginning of a character whose rest has not come. */
  readonly #cut = new Uint8Array(LONGEST_CHARACTER);
  #cutLength = 0;
  /** How long that character will be. */
  #cutNeeds = 0;

  /** No character is open. */
  get isComplete(): boolean {
    return this.#cutLength === 0;
  }

  /** Takes `bytes[start, end)`. @returns false if the text cannot be UTF-8 any more */
  write(bytes: Buffer, start: number, end: number): boolean {
    let at = start;
    while (this.#cutLength > 0 && at < end) {
      this.#cut[this.#cutLength++] = bytes[at++] ?? 0;
      if (!isPrefix(this.#cut, this.#cutLength)) return false;
      if (this.#cutLength === this.#cutNeeds) this.#cutLength = 0;
    }
    const whole = lastBoundary(bytes, at, end);
    if (whole > at && !isUtf8(bytes.subarray(at, whole))) return false;
    if (whole === end) return true;
    this.#cutNeeds = sizeOf(bytes[whole] ?? 0);
    this.#cutLength = end - whole;
    for (let i = 0; i < this.#cutLength; i++) this.#cut[i] = bytes[whole + i] ?? 0;
    return this.#cutLength < this.#cutNeeds && isPrefix(this.#cut, this.#cutLength);
  }
}

/** Where the last character begins, if it is cut; else `end`. */
function lastBoundary(bytes: Buffer, start: number, end: number): number {
  for (let back = 1; back < LONGEST_CHARACTER && end - back >= start; back++) {
    const byte = bytes[end - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return byte >= 0xc0 && sizeOf(byte) > back ? end - back : end;
  }
  return end;
}

/** Length of the character that a byte leads. */
function sizeOf(lead: number): number {
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}

/** Tells whether these bytes, one to four of one character, can begin (or be) a character. */
function isPrefix(bytes: Uint8Array, length: number): boolean {
  const lead = bytes[0] ?? 0;
  // 0xc0 and 0xc1 would be overlong; above 0xf4 there is no code point.
  if (lead < 0xc2 || lead > 0xf4) return false;
  for (let i = 1; i < length; i++) if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return false;
  if (length < 2) return true;
  const second = bytes[1] ?? 0;
  if (lead === 0xe0) return second >= 0xa0;
  // Surrogates.
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  return lead !== 0xf4 || second <= 0x8f;
}
