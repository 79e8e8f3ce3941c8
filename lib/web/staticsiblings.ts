/**
 * Precompressed files: "app.js.br", "app.js.zst" and "app.js.gz" beside "app.js", sent in its place to clients that take
 * that coding.
 *
 * StaticFileHandler asks here if its option `precompressed` is on. A sibling that is older than the file, by whole
 * seconds, was made of another one and does not count: compress after writing, and copy with times (cp -p, rsync -t).
 */
import { type ContentCoding, negotiateEncoding } from "../http/acceptencoding.ts";
import type { StaticFile } from "./staticfile.ts";
import { type OpenOptions, staticFiles } from "./staticfilecache.ts";

/** A sibling and what it is encoded with. */
export interface EncodedFile {
  readonly coding: ContentCoding;
  readonly file: StaticFile;
}

/** In the order they are preferred where the client has no preference. */
const extensions = { br: ".br", zstd: ".zst", gzip: ".gz" } as const;
const codings = Object.keys(extensions) as readonly ContentCoding[];

/** How long a sibling that was not there is taken to be still not there: most files have none, and are asked for often. */
const ABSENT_FOR_MS = 1000;
const MOST_ABSENT = 4096;

const MOST_ORDERS = 256;

const absentUntilMs = new Map<string, number>();
const orders = new Map<string, readonly ContentCoding[]>();

/**
 * The sibling to send in the place of a file.
 *
 * @param accept the Accept-Encoding field; null = there is none
 * @returns null if the file itself is to be sent; a promise where a sibling must be opened first
 */
export function findEncoded(
  original: StaticFile,
  accept: string | null,
  options: OpenOptions,
): EncodedFile | null | Promise<EncodedFile | null> {
  if (accept === null) return null;
  const order = orderOf(accept);
  for (let i = 0; i < order.length; i++) {
    const coding = order[i];
    if (coding === undefined) break;
    const path = original.path + extensions[coding];
    const file = staticFiles.find(path, options);
    if (file !== null) {
      if (file.modifiedMs >= original.modifiedMs) return { coding, file };
    } else if (!isKnownAbsent(path)) {
      return openEncoded(original, order.slice(i), options);
    }
  }
  return null;
}

/** Forgets which siblings were not there. */
export function forgetAbsentSiblings(): void {
  absentUntilMs.clear();
}

async function openEncoded(
  original: StaticFile,
  order: readonly ContentCoding[],
  options: OpenOptions,
): Promise<EncodedFile | null> {
  for (const coding of order) {
    const path = original.path + extensions[coding];
    if (isKnownAbsent(path)) continue;
    try {
      const file = await staticFiles.open(path, options);
      if (file.modifiedMs >= original.modifiedMs) return { coding, file };
    } catch {
      // Not there, or not to be read: the file itself will do.
      if (absentUntilMs.size >= MOST_ABSENT) absentUntilMs.clear();
      absentUntilMs.set(path, Date.now() + ABSENT_FOR_MS);
    }
  }
  return null;
}

function isKnownAbsent(path: string): boolean {
  const untilMs = absentUntilMs.get(path);
  return untilMs !== undefined && Date.now() < untilMs;
}

/** All codings that a client takes, the one it wants most first. */
function orderOf(accept: string): readonly ContentCoding[] {
  let order = orders.get(accept);
  if (order === undefined) {
    const found: ContentCoding[] = [];
    let left = codings;
    for (;;) {
      const best = negotiateEncoding(accept, left);
      if (best === null) break;
      found.push(best);
      left = left.filter((coding) => coding !== best);
    }
    order = found;
    if (orders.size >= MOST_ORDERS) orders.clear();
    orders.set(accept, order);
  }
  return order;
}
