/**
 * Units of size and tables of byte classes.
 *
 * Every floor uses the units in its option specs; lib/http and lib/websocket use the tables to
 * judge what a peer sent and what an application wants to send. A table is indexed by a byte (0 to
 * 255) and never changes.
 */

/** 1 024 bytes. */
export const KiB = 1024;

/** 1 048 576 bytes. */
export const MiB = 1024 * KiB;

/** What a table of byte values holds for a byte that has no value. */
export const NO_VALUE = 255;

const BYTE_COUNT = 256;

/**
 * 1 for the bytes a token may hold: `!#$%&'*+-.^_`|~`, digits and letters.
 * @see RFC 9110 §5.6.2
 */
export const tokenBytes: Readonly<Uint8Array> = classOf((byte) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)),
);

/**
 * 1 for the bytes a field value may hold: HTAB, SP, VCHAR and obs-text, that is
 * `[\x09\x20-\x7e\x80-\xff]`.
 * @see RFC 9110 §5.5
 */
export const fieldValueBytes: Readonly<Uint8Array> = classOf(
  (byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f),
);

/** The value 0 to 15 of an ASCII hexadecimal digit, in either case; NO_VALUE for any other byte. */
export const hexValues: Readonly<Uint8Array> = new Uint8Array(BYTE_COUNT).fill(NO_VALUE);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  (hexValues as Uint8Array)[digit.charCodeAt(0)] = value;
  (hexValues as Uint8Array)[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Tells whether every character of `text` is in the class that `table` describes; an empty text is.
 *
 * @param table 1 per allowed byte, indexed 0 to 255; a character above U+00FF is never allowed
 */
export function everyByteIn(table: Readonly<Uint8Array>, text: string): boolean {
  return firstByteNotIn(table, text) === -1;
}

/**
 * Finds the first character of `text` outside the class that `table` describes.
 *
 * @param table 1 per allowed byte, indexed 0 to 255; a character above U+00FF is never allowed
 * @returns its offset, or -1 if all are allowed
 */
export function firstByteNotIn(table: Readonly<Uint8Array>, text: string): number {
  for (let at = 0; at < text.length; at++) {
    // Past the end of the table this reads undefined, which is not 1 either.
    if (table[text.charCodeAt(at)] !== 1) return at;
  }
  return -1;
}

/**
 * Tells whether `text` is a token: at least one character, all of them in tokenBytes.
 * @see RFC 9110 §5.6.2
 */
export function isToken(text: string): boolean {
  return text.length > 0 && everyByteIn(tokenBytes, text);
}

function classOf(allows: (byte: number) => boolean): Uint8Array {
  const table = new Uint8Array(BYTE_COUNT);
  for (let byte = 0; byte < BYTE_COUNT; byte++) table[byte] = allows(byte) ? 1 : 0;
  return table;
}

declare global {
  interface Buffer {
    // A long-standing method of Buffer's that its types leave out.
    utf8Slice(start: number, end: number): string;
  }
}
