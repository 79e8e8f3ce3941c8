/**
 * UploadedFile: a file of a multipart form that is on disk, for as long as its request lasts.
 *
 * UploadReader makes one for each file it receives. The file is removed when the response is done,
 * the body is refused or the client goes away, and, as far as that can be, when the process exits;
 * moveTo() is how to keep it.
 */
import { randomBytes } from "node:crypto";
import { unlinkSync } from "node:fs";
import { copyFile, rename, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { HTTPFile } from "../http/multipartfile.ts";
import type { PartHead } from "../http/multipartpart.ts";

/** 128 bits: nobody else can guess the name, and make a file or a link of it, beforehand. */
const RANDOM_BYTES = 16;

/** Paths of files that are neither removed nor moved: what the process takes with it. */
const live = new Set<string>();
let removesAtExit = false;

export class UploadedFile implements HTTPFile {
  readonly filename: string;
  readonly contentType: string;

  #path: string;
  #size = 0;
  #isKept = false;
  #isOver = false;

  /** @internal @param directory null = os.tmpdir() */
  constructor(head: PartHead, directory: string | null) {
    const name = `landspout-${randomBytes(RANDOM_BYTES).toString("hex")}`;
    this.filename = head.filename ?? "";
    this.contentType = head.contentType;
    this.#path = path.join(directory ?? tmpdir(), name);
    live.add(this.#path);
    if (!removesAtExit) {
      removesAtExit = true;
      process.once("exit", removeAll);
    }
  }

  /** Where it is now: readable and writable by this user alone. */
  get path(): string {
    return this.#path;
  }

  get size(): number {
    return this.#size;
  }

  /** @throws CodedError ERR_STATE always: the file is not in memory */
  get body(): Buffer {
    throw new CodedError(
      "ERR_STATE",
      "this file is on disk: read it from its path, or take `uploads` from the handler class to have files in memory",
    );
  }

  /**
   * Keeps the file: moves it, in the place of what may be at `target`. It keeps its mode, 0600.
   *
   * @param target never what the client named it
   * @returns settles when it is there. Rejects with the system's error if it cannot be moved; the
   *   file is then still where it was, and will be removed
   * @throws CodedError ERR_STATE if the response is done, or the client has gone abandonedTimeoutMs ago: the file is gone
   */
  async moveTo(target: string): Promise<void> {
    if (this.#isOver && !this.#isKept) {
      throw new CodedError(
        "ERR_STATE",
        "moveTo() after the response was done, or abandonedTimeoutMs after the client had gone: the file has been removed",
      );
    }
    const from = this.#path;
    const wasKept = this.#isKept;
    // Kept from now on: the response may be done before the kernel has answered.
    this.#isKept = true;
    try {
      await moveFile(from, target);
    } catch (error) {
      this.#isKept = wasKept;
      if (this.#isOver) await this.remove();
      throw error;
    }
    live.delete(from);
    this.#path = target;
  }

  /** @internal More of it has arrived. */
  grow(bytes: number): void {
    this.#size += bytes;
  }

  /** @internal The request is over: removes the file unless it was moved. Never rejects. */
  async remove(): Promise<void> {
    this.#isOver = true;
    if (this.#isKept) return;
    try {
      await unlink(this.#path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") log.error(`cannot remove the upload ${this.#path}`, error);
    }
    live.delete(this.#path);
  }
}

/**
 * The files of a field that are on disk; [] if there are none, or files are in memory.
 *
 * @throws HTTPInputError as request.files
 */
export function uploadedFiles(request: HTTPServerRequest, name: string): UploadedFile[] {
  const files = request.files.get(name) ?? [];
  return files.filter((file) => file instanceof UploadedFile);
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw error;
    // Another file system.
    await copyFile(from, to);
    await unlink(from);
  }
}

function removeAll(): void {
  for (const file of live) {
    try {
      unlinkSync(file);
    } catch {
      // It may never have been made; there is nobody left to tell.
    }
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code;
}
