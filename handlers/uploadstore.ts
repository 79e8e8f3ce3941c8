/**
 * The uploads that are kept for a while: a folder, and what is in it. uploads.ts puts files in, upload.ts sends them.
 *
 * All that is known of a file is in the folder: when it came is its time, what it is called is in its name. So the workers
 * of a prefork need not tell each other, and none has to remember anything. shared.ts makes the folder.
 */
import { randomBytes } from "node:crypto";
import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { PeriodicCallback, type UploadedFile } from "landspout";

/** Most bytes of one file. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Most bytes of all that are kept; the oldest make room. */
const MAX_TOTAL_BYTES = 4 * MAX_FILE_BYTES;

/** Most files that are kept; the oldest make room. */
const MAX_FILES = 12;

/** How long a file is kept. */
export const KEPT_MS = 10 * 60 * 1000;

const SWEEP_EVERY_MS = 15_000;

/** Most characters of what a file is called, of 4 bytes each at most: as base64 it must be a name to the file system. */
const LONGEST_NAME = 40;

/** A file as the page shows it. */
export interface StoredFile {
  /** Its name in the folder, and in its URL. */
  readonly id: string;
  /** What its sender called it. */
  readonly name: string;
  readonly bytes: number;
  readonly leftMs: number;
}

export class UploadStore {
  readonly folder: string;
  readonly #sweeper: PeriodicCallback;

  /** @param folder for uploads alone; it is there */
  constructor(folder: string) {
    this.folder = folder;
    this.#sweeper = new PeriodicCallback(() => this.list(), SWEEP_EVERY_MS, { jitter: 0.2 });
  }

  /** Removes what is too old from now on, whether anybody asks or not. */
  start(): void {
    this.#sweeper.start();
  }

  /** Keeps an upload. @returns its id */
  async keep(file: UploadedFile): Promise<string> {
    const id = `${randomBytes(8).toString("hex")}-${encodedName(file.filename)}`;
    await file.moveTo(join(this.folder, id));
    return id;
  }

  /** What is kept, the newest first. What is too old, or too much, is removed. */
  async list(): Promise<StoredFile[]> {
    const nowMs = Date.now();
    const found: StoredFile[] = [];
    for (const id of await readdir(this.folder)) {
      const file = await this.#look(id, nowMs);
      if (file !== null) found.push(file);
    }
    found.sort((a, b) => b.leftMs - a.leftMs);
    let totalBytes = 0;
    const kept = found.filter(({ bytes, leftMs }, index) => {
      totalBytes += bytes;
      return leftMs > 0 && index < MAX_FILES && totalBytes <= MAX_TOTAL_BYTES;
    });
    for (const file of found) if (!kept.includes(file)) await this.#remove(file.id);
    return kept;
  }

  /** @returns null if another worker has just removed it */
  async #look(id: string, nowMs: number): Promise<StoredFile | null> {
    try {
      const { size, ctimeMs } = await stat(join(this.folder, id));
      const leftMs = Math.round(KEPT_MS - (nowMs - ctimeMs));
      return { id, name: nameOf(id), bytes: size, leftMs };
    } catch {
      return null;
    }
  }

  async #remove(id: string): Promise<void> {
    try {
      await unlink(join(this.folder, id));
    } catch {
      // Another worker was first.
    }
  }
}

/** What a file of the folder was called by its sender; "" for a name that is none of ours. */
export function nameOf(id: string): string {
  return Buffer.from(id.slice(id.indexOf("-") + 1), "base64url").toString();
}

/** A name that is safe in a folder and in a URL. One that is too long keeps its end, which says what the file is. */
function encodedName(given: string): string {
  // A browser that says a path means its last part.
  const plain = (given.split(/[/\\]/).at(-1) ?? "").replace(/\p{C}/gu, "");
  const characters = [...plain];
  const excess = characters.length - LONGEST_NAME;
  if (excess > 0) characters.splice(LONGEST_NAME / 2, excess + 1, "…");
  return Buffer.from(characters.join("") || "nameless").toString("base64url");
}
