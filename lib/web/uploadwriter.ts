/**
 * UploadWriter: writes the files of an upload, one after the other, each step when the one before is done.
 *
 *     open(path) · write(bytes) … · close() · open(path) …      says what is to be done
 *     flush()                                                  settles when it is
 *
 * UploadReader has one for each form. The steps of a piece of the body are given at once, and no further piece is taken
 * before flush() has settled: what is to be written is a piece at most, and may be memory that is used again.
 */
import { type FileHandle, open } from "node:fs/promises";
import { log } from "../base/log.ts";
import { HTTPError } from "./httperror.ts";

/** A file of our own making, through no link, for this user alone. */
const CREATE = "wx";
const OWNER_ONLY = 0o600;

const NO_SPACE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);
const INSUFFICIENT_STORAGE = 507;

type Step =
  | { readonly kind: "open"; readonly path: string }
  | { readonly kind: "write"; readonly bytes: Buffer }
  | { readonly kind: "close" };

export class UploadWriter {
  #steps: Step[] = [];
  #handle: FileHandle | null = null;
  #working: Promise<void> | null = null;
  #isEnded = false;

  /** Nothing is to be done. */
  get isIdle(): boolean {
    return this.#steps.length === 0;
  }

  open(path: string): void {
    this.#steps.push({ kind: "open", path });
  }

  write(bytes: Buffer): void {
    this.#steps.push({ kind: "write", bytes });
  }

  close(): void {
    this.#steps.push({ kind: "close" });
  }

  /**
   * Does what was said.
   *
   * @returns rejects with HTTPError 507 if there is no room left, which is logged; else with the system's error
   */
  flush(): Promise<void> {
    this.#working = this.#work();
    return this.#working;
  }

  /** Stops, whatever is still to be done. @returns settles when the file is closed; never rejects */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#steps = [];
    await this.#working?.catch(() => {});
    await this.#close().catch((error: unknown) => log.error("an upload cannot be closed", error));
  }

  // Steps.

  async #work(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    try {
      for (const step of steps) {
        if (this.#isEnded) return;
        if (step.kind === "open") this.#handle = await open(step.path, CREATE, OWNER_ONLY);
        else if (step.kind === "write") await this.#write(step.bytes);
        else await this.#close();
      }
    } catch (error) {
      throw uploadError(error);
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    const { length } = bytes;
    // The kernel may take less at the end of a full disk; the rest is what tells.
    for (let at = 0; at < length && this.#handle !== null; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, length - at);
      at += bytesWritten;
    }
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

/** What a client is answered when a file of its cannot be written: 507 where there is no room, else it is our fault. */
export function uploadError(error: unknown): unknown {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (!NO_SPACE.has(code)) return error;
  log.error("an upload cannot be stored: there is no room left for it", error);
  return new HTTPError(INSUFFICIENT_STORAGE, `no room left for an upload (${code})`, {
    cause: error,
  });
}
