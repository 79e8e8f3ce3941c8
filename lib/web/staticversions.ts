/**
 * StaticVersions: the versions of files, which their entity tags and the `?v=` of their URLs are made of.
 *
 * The version of a file is the SHA-512 of its content in hexadecimal, as in Tornado; it is kept as long as stat(2) says
 * that the file is the same. A file that is too large to be read for that has a version made of what stat(2) says.
 */
import { createHash } from "node:crypto";
import { read, readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { KiB, MiB } from "../base/bytes.ts";
import { CodedError } from "../base/errors.ts";
import { type FileStamp, isSameStamp, isSettled } from "./staticfile.ts";

/** Largest file that is hashed on the way: a tenth of a second, in steps that let other requests through. */
export const DEFAULT_HASH_LIMIT_BYTES = 64 * MiB;

/** Largest file that is read and hashed at once for a URL of it, which is made synchronously: 20 ms. */
export const MOST_SYNC_BYTES = 8 * MiB;

/** Read at a time: 150 µs of hashing. */
const CHUNK_BYTES = 128 * KiB;

/** Versions that are kept, 400 bytes each. */
const MOST_VERSIONS = 4096;

/** The state of a file and its version. */
interface KnownVersion {
  readonly stamp: FileStamp;
  readonly version: string;
}

export const readAt = promisify(read);

export class StaticVersions {
  readonly #known = new Map<string, KnownVersion>();

  /** The version that is kept of a file in this state; null = none. */
  find(path: string, stamp: FileStamp): string | null {
    const known = this.#known.get(path);
    return known !== undefined && isSameStamp(known.stamp, stamp) ? known.version : null;
  }

  /** Keeps a version, unless the file was changed a moment before it was read. */
  keep(path: string, stamp: FileStamp, version: string, readAtMs: number): void {
    if (!isSettled(stamp, readAtMs)) return;
    this.#known.delete(path);
    if (this.#known.size >= MOST_VERSIONS) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    const { dev, ino, size, mtimeMs, ctimeMs } = stamp;
    this.#known.set(path, { stamp: { dev, ino, size, mtimeMs, ctimeMs }, version });
  }

  /**
   * The version of a file for a URL of it, at once. Up to MOST_SYNC_BYTES it is read here, the first time.
   *
   * @throws an error of node:fs if it cannot be read
   */
  versionNow(path: string): string {
    const stamp = statSync(path);
    if (!stamp.isFile()) {
      throw new CodedError("ERR_ARGUMENT_RANGE", `${JSON.stringify(path)} is not a file`);
    }
    if (stamp.size > MOST_SYNC_BYTES) return versionOfStamp(stamp);
    const known = this.find(path, stamp);
    if (known !== null) return known;
    const readAtMs = Date.now();
    const version = hashOf(readFileSync(path));
    if (isSameStamp(stamp, statSync(path))) this.keep(path, stamp, version, readAtMs);
    return version;
  }

  clear(): void {
    this.#known.clear();
  }
}

/** Those of the framework's own; a handler class with a getContentVersion() of its own has others. */
export const contentVersions = new StaticVersions();

/** The version of a content. */
export function hashOf(content: Uint8Array): string {
  return createHash("sha512").update(content).digest("hex");
}

/**
 * The version of a file's content, read in pieces, so that the loop goes on meanwhile.
 *
 * @returns null if the file has become shorter
 */
export async function hashOfFile(fd: number, size: number): Promise<string | null> {
  const hash = createHash("sha512");
  const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await readAt(fd, chunk, 0, Math.min(chunk.length, size - at), at);
    if (bytesRead === 0) return null;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest("hex");
}

/** A version made of what stat(2) says, hashed: inode numbers are nobody's business. */
export function versionOfStamp({ dev, ino, size, mtimeMs, ctimeMs }: FileStamp): string {
  const state = [dev, ino, size, mtimeMs, ctimeMs].join();
  return `${size.toString(16)}-${createHash("sha1").update(state).digest("hex")}`;
}

/** Tells whether the version in a URL is that of a file: of its content, or of a large one's state. */
export function isVersionOf(
  version: string,
  file: { readonly etag: string; readonly stamp: FileStamp },
): boolean {
  if (file.etag === `"${version}"`) return true;
  return file.stamp.size > MOST_SYNC_BYTES && version === versionOfStamp(file.stamp);
}
