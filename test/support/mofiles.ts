/** Makes `.mo` files byte by byte, sound ones and others, for the suites of catalogues. */

export interface MoParts {
  /** Original and translation; the header's original is "". A string is UTF-8. */
  readonly pairs: readonly (readonly [original: string, translation: string | Buffer])[];
  /** Written with the most significant byte first. */
  readonly isBigEndian?: boolean;
  readonly revision?: number;
  /** Instead of the number of pairs. */
  readonly count?: number;
}

export function moFile({ pairs, isBigEndian = false, revision = 0, count }: MoParts): Buffer {
  const tables = 28;
  const originals = pairs.map(([original]) => Buffer.from(original));
  const translations = pairs.map(([, translation]) => Buffer.from(translation as string));
  const head = Buffer.alloc(tables + pairs.length * 16);
  const word = (value: number, at: number) =>
    isBigEndian ? head.writeUInt32BE(value, at) : head.writeUInt32LE(value, at);
  const texts: Buffer[] = [];
  let offset = head.length;
  const place = (bytes: Buffer, entry: number) => {
    word(bytes.length, entry);
    word(offset, entry + 4);
    texts.push(bytes, Buffer.of(0));
    offset += bytes.length + 1;
  };
  word(0x950412de, 0);
  word(revision, 4);
  word(count ?? pairs.length, 8);
  word(tables, 12);
  word(tables + pairs.length * 8, 16);
  for (const [i, bytes] of originals.entries()) place(bytes, tables + i * 8);
  for (const [i, bytes] of translations.entries()) {
    place(bytes, tables + (pairs.length + i) * 8);
  }
  return Buffer.concat([head, ...texts]);
}

/** The header's translation, of fields. */
export function moHeader(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

export const frenchHeader = moHeader({
  "Content-Type": "text/plain; charset=utf-8",
  "Plural-Forms": "nplurals=2; plural=(n > 1);",
});

/** The messages of Tornado's own test. */
export const french: MoParts["pairs"] = [
  ["", frenchHeader],
  ["school", "école"],
  ["law\u0004right", "le droit"],
  ["good\u0004right", "le bien"],
  ["organization\u0004club\0clubs", "le club\0les clubs"],
  ["stick\u0004club\0clubs", "le bâton\0les bâtons"],
  ["%(n)d file\0%(n)d files", "%(n)d fichier\0%(n)d fichiers"],
];
