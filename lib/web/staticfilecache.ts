/**
 * StaticFileCache: the static files of this thread that are open, a bounded number of them.
 *
 *     find()  one stat(2), at once: the file of the last time if nothing has changed
 *     open()  in the thread pool: open, fstat, where is it really, read or hash; joins another that is under way
 *
 * StaticFileHandler asks find() and, where that knows nothing, open(). What is not asked for any more is closed after a
 * minute at most, so that a file that was deleted gives its room back. Nothing here keeps the process alive.
 */
import { close, constants, fstat, open, statSync } from "node:fs";
import { promisify } from "node:util";
import { KiB, MiB } from "../base/bytes.ts";
import { HTTPError } from "./httperror.ts";
import { type FileStamp, isSameStamp, isSettled, StaticFile } from "./staticfile.ts";
import type { StaticSite } from "./staticsite.ts";
import { contentVersions, hashOf, hashOfFile, readAt, versionOfStamp } from "./staticversions.ts";

/** Most files that are kept open. */
export const MOST_OPEN_FILES = 512;

/** Up to this length a file is kept as its bytes: copying those costs less than sendfile(2). */
export const MOST_KEPT_BYTES = 16 * KiB;

const LOOK_EVERY_MS = 30_000;

/** Largest file that is hashed although it was changed a moment ago: one that is written all the time would be for ever. */
const MOST_UNSETTLED_BYTES = 8 * MiB;

/** How often a file that changes while it is read is read again. */
const MOST_ATTEMPTS = 3;

const READ_ONLY = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const openAt = promisify(open);
const fstatOf = promisify(fstat);
const closeOf = promisify(close);
const noThrow = { throwIfNoEntry: false } as const;

const notThere = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "ESTALE"]);
const notAllowed = new Set(["EACCES", "EPERM", "EISDIR", "ENXIO", "ENODEV"]);
const noRoom = new Set(["EMFILE", "ENFILE"]);

/** How a file is to be opened. */
export interface OpenOptions {
  /** Who must approve of the place it is found in; null = whoever asks has done so. */
  readonly site: StaticSite | null;
  /** Largest file whose entity tag is made of its content. */
  readonly hashLimitBytes: number;
}

export class StaticFileCache {
  readonly #files = new Map<string, Kept>();
  /** The same files; the hand goes round and drops the first that was not used since it last came by. */
  readonly #ring: Kept[] = [];
  readonly #opening = new Map<string, Promise<StaticFile>>();
  readonly #lookEveryMs: number;
  #hand = 0;
  #looker: NodeJS.Timeout | null = null;

  /** @param options.lookEveryMs a file that was not asked for between two looks is closed */
  constructor({ lookEveryMs = LOOK_EVERY_MS }: { readonly lookEveryMs?: number } = {}) {
    this.#lookEveryMs = lookEveryMs;
  }

  /**
   * The file at a path, if it is open and stat(2) says that it still is the same.
   *
   * @hot bench/run.mjs: once per request
   */
  find(path: string, { site, hashLimitBytes }: OpenOptions): StaticFile | null {
    const kept = this.#files.get(path);
    if (kept === undefined || kept.hashLimitBytes !== hashLimitBytes) return null;
    const { file } = kept;
    if (!file.isSettled || (site !== null && !file.approvers.includes(site))) return null;
    const stamp = stampAt(path);
    if (stamp === null || !isSameStamp(stamp, file.stamp)) return null;
    file.wasUsed = true;
    return file;
  }

  /**
   * The file at a path.
   *
   * @throws HTTPError 404 if there is none, 403 if it is not to be read or no file, 503 without a free descriptor
   */
  async open(path: string, options: OpenOptions): Promise<StaticFile> {
    const key = `${options.hashLimitBytes} ${path}`;
    const underWay = this.#opening.get(key);
    if (underWay !== undefined) {
      const file = await underWay.catch(() => null);
      // It was begun before this request came: only what is the same now counts.
      const stamp = file === null ? null : stampAt(path);
      const isApproved = options.site === null || file?.approvers.includes(options.site);
      if (file !== null && stamp !== null && isSameStamp(stamp, file.stamp) && isApproved) {
        return file;
      }
    }
    const opening = this.#openAndKeep(path, options);
    this.#opening.set(key, opening);
    try {
      return await opening;
    } finally {
      if (this.#opening.get(key) === opening) this.#opening.delete(key);
    }
  }

  /** Closes all that nobody uses any more, and forgets the others. */
  clear(): void {
    for (const { file } of this.#ring) file.retire();
    this.#ring.length = 0;
    this.#files.clear();
    this.#hand = 0;
    if (this.#looker !== null) clearTimeout(this.#looker);
    this.#looker = null;
  }

  // Steps.

  async #openAndKeep(path: string, options: OpenOptions): Promise<StaticFile> {
    try {
      const file = await this.#openOnce(path, options);
      this.#keep({ file, place: 0, hashLimitBytes: options.hashLimitBytes });
      return file;
    } catch (error) {
      const kept = this.#files.get(path);
      if (kept !== undefined) this.#drop(kept);
      throw refusalOf(error, path);
    }
  }

  async #openOnce(path: string, options: OpenOptions): Promise<StaticFile> {
    try {
      return await openFile(path, options);
    } catch (error) {
      if (!noRoom.has(codeOf(error)) || this.#ring.length === 0) throw error;
      this.clear();
      // Descriptors are closed in the second round from now.
      for (let round = 0; round < 4; round++) await new Promise((resolve) => setImmediate(resolve));
      return openFile(path, options);
    }
  }

  #keep(kept: Kept): void {
    const { path } = kept.file;
    const old = this.#files.get(path);
    if (old !== undefined) {
      if (isSameStamp(old.file.stamp, kept.file.stamp)) kept.file.adopt(old.file);
      this.#put(kept, old.place);
      old.file.retire();
    } else if (this.#ring.length < MOST_OPEN_FILES) {
      this.#put(kept, this.#ring.length);
    } else {
      const dropped = this.#nextUnused();
      this.#files.delete(dropped.file.path);
      this.#put(kept, dropped.place);
      dropped.file.retire();
    }
    this.#files.set(path, kept);
    this.#looker ??= setTimeout(() => this.#look(), this.#lookEveryMs).unref();
  }

  #put(kept: Kept, place: number): void {
    kept.place = place;
    this.#ring[place] = kept;
  }

  #nextUnused(): Kept {
    for (;;) {
      this.#hand = (this.#hand + 1) % this.#ring.length;
      const kept = this.#ring[this.#hand] as Kept;
      if (!kept.file.wasUsed) return kept;
      kept.file.wasUsed = false;
    }
  }

  #drop(kept: Kept): void {
    if (this.#files.get(kept.file.path) !== kept) return;
    const last = this.#ring.pop();
    if (last !== undefined && last !== kept) this.#put(last, kept.place);
    this.#files.delete(kept.file.path);
    kept.file.retire();
  }

  #look(): void {
    this.#looker = null;
    for (const kept of [...this.#ring]) {
      if (kept.file.wasUsed) kept.file.wasUsed = false;
      else this.#drop(kept);
    }
    if (this.#ring.length > 0) {
      this.#looker = setTimeout(() => this.#look(), this.#lookEveryMs).unref();
    }
  }
}

/** The one of this thread. */
export const staticFiles = new StaticFileCache();

interface Kept {
  readonly file: StaticFile;
  readonly hashLimitBytes: number;
  /** In the ring. */
  place: number;
}

/** What stat(2) says of a path; null if it says nothing. */
function stampAt(path: string): FileStamp | null {
  try {
    return statSync(path, noThrow) ?? null;
  } catch {
    return null;
  }
}

/** Opens and judges a file, and finds its entity tag, all of one descriptor. */
async function openFile(path: string, { site, hashLimitBytes }: OpenOptions): Promise<StaticFile> {
  // A pipe or a terminal does not block: it is opened, seen to be no file, and closed.
  const fd = await openAt(path, READ_ONLY);
  let isKept = false;
  try {
    let stamp = await fstatOf(fd);
    if (!stamp.isFile()) throw notAFile(path);
    if (site !== null) await site.judge(fd, path, stamp);
    for (let attempt = 1; ; attempt++) {
      const readAtMs = Date.now();
      const content = stamp.size <= MOST_KEPT_BYTES ? await contentOf(fd, stamp.size) : null;
      const isQuietYet = isSettled(stamp, readAtMs);
      const limit = isQuietYet ? hashLimitBytes : Math.min(hashLimitBytes, MOST_UNSETTLED_BYTES);
      const version = await versionOf({ path, fd, stamp, content, limit, readAtMs });
      const after = await fstatOf(fd);
      const isSame = isSameStamp(stamp, after);
      if (isSame || attempt === MOST_ATTEMPTS) {
        const isQuiet = isSame && isQuietYet;
        const file = new StaticFile({
          path,
          stamp: stampOf(stamp, content?.length ?? stamp.size),
          // A tag of the content is right whatever happens; one of times is weak while they may stand still.
          etag: version.isOfContent || isQuiet ? `"${version.text}"` : `W/"${version.text}"`,
          isSettled: isQuiet,
          fd: content === null ? fd : -1,
          content,
        });
        if (site !== null) file.approvers.push(site);
        isKept = content === null;
        return file;
      }
      stamp = after;
    }
  } finally {
    if (!isKept) await closeOf(fd);
  }
}

async function contentOf(fd: number, size: number): Promise<Buffer> {
  const content = Buffer.allocUnsafeSlow(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await readAt(fd, content, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return content.subarray(0, at);
}

async function versionOf(of: {
  readonly path: string;
  readonly fd: number;
  readonly stamp: FileStamp;
  readonly content: Buffer | null;
  /** Largest file that is hashed. */
  readonly limit: number;
  readonly readAtMs: number;
}): Promise<{ readonly text: string; readonly isOfContent: boolean }> {
  const { path, fd, stamp, content } = of;
  if (stamp.size > of.limit) return { text: versionOfStamp(stamp), isOfContent: false };
  const known = contentVersions.find(path, stamp);
  if (known !== null) return { text: known, isOfContent: true };
  const hash = content === null ? await hashOfFile(fd, stamp.size) : hashOf(content);
  if (hash === null) return { text: versionOfStamp(stamp), isOfContent: false };
  contentVersions.keep(path, stamp, hash, of.readAtMs);
  return { text: hash, isOfContent: true };
}

/** The stamp alone: fs.Stats is four times as large. */
function stampOf({ dev, ino, mtimeMs, ctimeMs }: FileStamp, size: number): FileStamp {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

/** The refusal of what is neither a file nor a folder with a default file. */
export function notAFile(path: string): HTTPError {
  return new HTTPError(403, `${JSON.stringify(path)} is not a file`);
}

/** What an error of the file system means to a client; errors that mean nothing to it stay as they are. */
export function refusalOf(error: unknown, path: string): unknown {
  const code = codeOf(error);
  if (notThere.has(code)) return new HTTPError(404);
  if (notAllowed.has(code)) {
    return new HTTPError(403, `${JSON.stringify(path)} cannot be read: ${code}`);
  }
  if (noRoom.has(code)) {
    return new HTTPError(503, `${JSON.stringify(path)} cannot be opened: ${code}`);
  }
  return error;
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : "";
  return typeof code === "string" ? code : "";
}
