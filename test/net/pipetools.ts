/** Pipes for the suites of PipeIOStream, closed and removed after each test. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as assert from "uvu/assert";
import { type IOStreamOptions, PipeIOStream } from "../../lib/index.ts";
import { afterwards } from "./streamtools.ts";

/** What a pipe holds by default. */
export const PIPE_BYTES = 64 * 1024;

/** The name of a FIFO, removed after the test. */
export function fifo(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "landspout-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const name = path.join(folder, "fifo");
  assert.is(spawnSync("mkfifo", [name]).status, 0);
  return name;
}

/** Both ends as descriptors; closed after the test unless they have been. */
export function pipe(): { reader: Descriptor; writer: Descriptor } {
  const name = fifo();
  const reader = new Descriptor(openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
  return { reader, writer: new Descriptor(openSync(name, constants.O_WRONLY)) };
}

/** One end, in the hands of a test. */
export class Descriptor {
  #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
    afterwards(() => this.close());
  }

  write(text: string): void {
    writeSync(this.#fd, text);
  }

  /** What is there, at most 1 MiB; it does not wait. */
  read(): string {
    const bytes = Buffer.alloc(1024 * 1024);
    try {
      return bytes.toString("latin1", 0, readSync(this.#fd, bytes));
    } catch {
      return "";
    }
  }

  close(): void {
    if (this.#fd !== -1) closeSync(this.give());
  }

  /** The descriptor is somebody else's from now on. */
  give(): number {
    const fd = this.#fd;
    this.#fd = -1;
    return fd;
  }

  stream(options: IOStreamOptions = {}): PipeIOStream {
    const stream = new PipeIOStream(this.give(), options);
    afterwards(() => stream.abort());
    return stream;
  }
}
