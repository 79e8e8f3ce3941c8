/**
 * StaticFile: a file that has been opened, judged and hashed, and is kept for the next request.
 *
 * StaticFileCache makes and drops them. A small file is kept as its bytes, a larger one as its descriptor. What it says
 * of the file holds as long as stat(2) of its path says what fstat(2) of the descriptor said (isStill()): then it is
 * the very file that was judged, wherever symbolic links may lead meanwhile.
 */
import { close, type Stats } from "node:fs";
import type { ByteRange, MultipartBody } from "../http/byteranges.ts";
import { formatTimestamp } from "../http/httpdate.ts";
import type { FileBody, FileBodySink } from "./filebody.ts";

const SECOND_MS = 1000;

/** Times of files move in steps of the kernel's tick, 10 ms at most: a change within one tick of the last leaves no trace. */
const SETTLING_MS = 100;

/** Clocks differ: a change "in the future" is an old one of another clock. */
const CLOCK_SKEW_MS = 1000;

/** Two routes may serve one file from different roots; more are made up per request. */
const MOST_APPROVERS = 8;

/** What tells one state of a file from another. Numbers of fs.Stats: times are exact to a quarter of a microsecond. */
export type FileStamp = Pick<Stats, "dev" | "ino" | "size" | "mtimeMs" | "ctimeMs">;

/** Tells whether two stamps are of one file in one state. */
export function isSameStamp(a: FileStamp, b: FileStamp): boolean {
  return (
    a.ino === b.ino &&
    a.size === b.size &&
    a.mtimeMs === b.mtimeMs &&
    a.ctimeMs === b.ctimeMs &&
    a.dev === b.dev
  );
}

/** Tells whether a file has not been changed so recently that another change could go unseen. */
export function isSettled({ ctimeMs }: FileStamp, nowMs: number): boolean {
  const ageMs = nowMs - ctimeMs;
  return ageMs > SETTLING_MS || ageMs < -CLOCK_SKEW_MS;
}

/** What the head of a whole response depends on, besides the file. */
export interface HeadFlavour {
  readonly contentType: string;
  /** Content-Encoding; null = none. */
  readonly encoding: string | null;
  /** There are encoded siblings to choose from. */
  readonly varies: boolean;
}

export class StaticFile implements FileBody {
  readonly path: string;
  readonly stamp: FileStamp;
  /** Entity tag with its quotes. */
  readonly etag: string;
  /** Last-Modified, ms since 1970, whole seconds. */
  readonly modifiedMs: number;
  /** False: it was changed a moment ago, and is judged anew by the next request. */
  readonly isSettled: boolean;
  /** All of it; null = read it from the descriptor. */
  readonly content: Buffer | null;

  /** Who has judged that it may be served: StaticSites. */
  readonly approvers: object[] = [];
  /** Asked for since the cache last looked. */
  wasUsed = true;

  readonly #fd: number;
  #users = 0;
  #isRetired = false;
  #flavour: HeadFlavour | null = null;
  #lines = "";

  /** @param fd the file's to close; -1 if `content` is given */
  constructor(of: {
    readonly path: string;
    readonly stamp: FileStamp;
    readonly etag: string;
    readonly isSettled: boolean;
    readonly fd: number;
    readonly content: Buffer | null;
  }) {
    this.path = of.path;
    this.stamp = of.stamp;
    this.etag = of.etag;
    this.modifiedMs = Math.floor(of.stamp.mtimeMs / SECOND_MS) * SECOND_MS;
    this.isSettled = of.isSettled;
    this.content = of.content;
    this.#fd = of.fd;
  }

  /** Takes over who has approved of the same file when it was opened before. */
  adopt(earlier: StaticFile): void {
    for (const approver of earlier.approvers) {
      if (this.approvers.length >= MOST_APPROVERS) break;
      if (!this.approvers.includes(approver)) this.approvers.push(approver);
    }
  }

  /** Content-Length of the whole. */
  get bytes(): number {
    return this.stamp.size;
  }

  /** Valid while the file is retained; -1 if there is `content`. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * The field lines of a response with status 200 that carries the whole file and has no field of the handler's own.
   *
   * @hot bench/run.mjs: once per response; made again where a file is sent with two heads in turn
   */
  headLines(flavour: HeadFlavour): string {
    const known = this.#flavour;
    if (
      known !== null &&
      known.contentType === flavour.contentType &&
      known.encoding === flavour.encoding &&
      known.varies === flavour.varies
    ) {
      return this.#lines;
    }
    let lines = `Content-Type: ${flavour.contentType}\r\nAccept-Ranges: bytes\r\nEtag: ${this.etag}\r\nLast-Modified: ${formatTimestamp(this.modifiedMs)}\r\n`;
    if (flavour.varies) lines += "Vary: Accept-Encoding\r\n";
    if (flavour.encoding !== null) lines += `Content-Encoding: ${flavour.encoding}\r\n`;
    this.#lines = `${lines}X-Content-Type-Options: nosniff\r\n`;
    this.#flavour = flavour;
    return this.#lines;
  }

  send(sink: FileBodySink): void {
    this.sendSpan(sink, 0, this.stamp.size);
  }

  sendSpan(sink: FileBodySink, start: number, end: number): void {
    if (start === end) return;
    if (this.content === null) sink.writeFile(this.#fd, start, end - start);
    else sink.write(this.content.subarray(start, end));
  }

  retain(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    if (this.#isRetired && this.#users === 0) this.#close();
  }

  /** The cache has dropped it: it is closed when nobody uses it any more. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#users === 0) this.#close();
  }

  #close(): void {
    const fd = this.#fd;
    if (fd === -1) return;
    // A command to send it may still lie in the outbox, which is flushed at the end of the loop's turn or before libuv
    // sleeps. The first immediate may come before that; the second, one round later, cannot.
    setImmediate(() => setImmediate(() => close(fd, () => {})));
  }
}

/** Parts of a file: one, or several between the heads of a multipart/byteranges body. */
export class FileRanges implements FileBody {
  readonly bytes: number;
  readonly #file: StaticFile;
  readonly #parts: readonly ByteRange[];
  readonly #multipart: MultipartBody | null;

  constructor(file: StaticFile, parts: readonly ByteRange[], multipart: MultipartBody | null) {
    this.#file = file;
    this.#parts = parts;
    this.#multipart = multipart;
    this.bytes = bytesOf(parts, multipart);
  }

  send(sink: FileBodySink): void {
    this.#parts.forEach(({ start, end }, i) => {
      const head = this.#multipart?.heads[i];
      if (head !== undefined) sink.write(head);
      this.#file.sendSpan(sink, start, end);
    });
    if (this.#multipart !== null) sink.write(this.#multipart.tail);
  }

  retain(): void {
    this.#file.retain();
  }

  release(): void {
    this.#file.release();
  }
}

/** Length of a body of parts. */
export function bytesOf(parts: readonly ByteRange[], multipart: MultipartBody | null): number {
  if (multipart !== null) return multipart.bytes;
  let bytes = 0;
  for (const { start, end } of parts) bytes += end - start;
  return bytes;
}
