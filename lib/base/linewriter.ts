/**
 * Lines written to a descriptor without ever blocking the process.
 *
 * The default logger owns one on descriptor 2. Lines wait in a bounded queue while one fs.write is
 * under way in libuv's pool. When the reader is slower than the lines come, those that find the
 * queue full are dropped and counted, and the count is told in the next line that is taken. Order
 * is kept; a line is written whole or not at all, unless the descriptor fails in the middle of it.
 *
 * `process.stderr` would not do: on a pipe or a terminal it writes synchronously, so a stopped
 * reader stops the server. A full pipe holds one of libuv's threads until it is read; only one,
 * because only one write is ever under way.
 */
import { write as fsWrite } from "node:fs";

/** fs.write, or what a test puts in its place. */
export type WriteFunction = (
  fd: number,
  bytes: Buffer,
  offset: number,
  length: number,
  position: null,
  callback: (error: NodeJS.ErrnoException | null, writtenBytes: number) => void,
) => void;

/** Where lines go and how many may wait. */
export interface LineWriterInit {
  /** Descriptor; stays its owner's. */
  readonly fd: number;
  /**
   * Most bytes that wait, without those of the write under way; a single longer line is dropped.
   */
  readonly maxQueuedBytes: number;
  /** Pause before a write that got EAGAIN is tried again, in ms. */
  readonly retryMs?: number;
  readonly write?: WriteFunction;
}

const RETRY_MS = 20;

/** Writes lines to one descriptor, in order, as fast as it takes them. */
export class LineWriter {
  readonly #fd: number;
  readonly #maxQueuedBytes: number;
  readonly #retryMs: number;
  readonly #write: WriteFunction;
  #lines: Buffer[] = [];
  #queuedBytes = 0;
  #droppedCount = 0;
  #writing = false;

  constructor(init: LineWriterInit) {
    this.#fd = init.fd;
    this.#maxQueuedBytes = init.maxQueuedBytes;
    this.#retryMs = init.retryMs ?? RETRY_MS;
    this.#write = init.write ?? fsWrite;
  }

  /** Lines dropped since the count was last told in a line. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Bytes that wait, without those of the write under way. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Takes a line to be written soon.
   *
   * @param line with its final newline
   * @returns false if it was dropped because the queue is full
   */
  writeLine(line: string): boolean {
    const bytes = Buffer.from(this.#droppedNotice() + line, "utf8");
    if (this.#queuedBytes + bytes.length > this.#maxQueuedBytes) {
      this.#droppedCount++;
      return false;
    }
    this.#droppedCount = 0;
    this.#lines.push(bytes);
    this.#queuedBytes += bytes.length;
    if (!this.#writing) this.#writeQueued();
    return true;
  }

  #droppedNotice(): string {
    const count = this.#droppedCount;
    return count === 0 ? "" : `(${count} log ${count === 1 ? "line was" : "lines were"} dropped)\n`;
  }

  #writeQueued(): void {
    const batch = this.#lines.length === 1 ? this.#lines[0] : Buffer.concat(this.#lines);
    if (batch === undefined || batch.length === 0) return;
    const lineCount = this.#lines.length;
    this.#lines = [];
    this.#queuedBytes = 0;
    this.#writing = true;
    this.#writeFrom(batch, 0, lineCount);
  }

  #writeFrom(batch: Buffer, offset: number, lineCount: number): void {
    this.#write(this.#fd, batch, offset, batch.length - offset, null, (error, writtenBytes) => {
      if (error?.code === "EAGAIN") {
        // Somebody made the descriptor non-blocking. A process that is done does not wait for its
        // reader.
        setTimeout(() => this.#writeFrom(batch, offset, lineCount), this.#retryMs).unref();
        return;
      }
      const end = offset + writtenBytes;
      if (error === null && end < batch.length) {
        this.#writeFrom(batch, end, lineCount);
        return;
      }
      // A log that cannot be written has nobody to tell; the count is told if it ever can again.
      if (error !== null) this.#droppedCount += lineCount;
      this.#writing = false;
      this.#writeQueued();
    });
  }
}
