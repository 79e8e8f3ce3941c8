/**
 * ReadVerbs: the reads of IOStream as a user calls them. IOStream extends it and does what they ask for.
 *
 * One at a time: a second read while one waits is ERR_STATE, thrown at once. Promises that nobody awaits reject quietly.
 */
import { CodedError } from "../base/errors.ts";
import {
  delimiterOf,
  isPartial,
  maxBytesOf,
  type PartialOptions,
  readSizeOf,
  type UntilOptions,
} from "./readarguments.ts";
import { StreamClosedError } from "./streamerrors.ts";
import {
  BytesRead,
  DelimiterRead,
  IntoRead,
  type ReadLimits,
  RegexRead,
  RestRead,
  type StreamRead,
} from "./streamreads.ts";

/** @internal How a read is begun. */
export const START_READ = Symbol("startRead");

export abstract class ReadVerbs {
  /** Most bytes that are kept for a read. */
  abstract get maxBufferBytes(): number;
  abstract close(error?: Error | null): void;
  /** @internal */
  abstract [START_READ]<Result>(read: StreamRead<Result>): Promise<Result>;

  /**
   * Reads exactly `bytes` bytes; with `partial` as soon as there is one, at most `bytes`. None: an empty Buffer at once.
   *
   * @returns rejects with StreamClosedError if the stream ends before
   * @throws CodedError ERR_ARGUMENT_RANGE if it is not an integer from 0 to maxBufferBytes; ERR_STATE
   */
  readBytes(bytes: number, options: PartialOptions = {}): Promise<Buffer> {
    const size = readSizeOf(bytes, this.maxBufferBytes);
    return this[START_READ](new BytesRead(size, isPartial(options)));
  }

  /**
   * Fills `target`; with `partial` with what is there, at least a byte. It must not be touched until then.
   *
   * @returns how many bytes were read; rejects with StreamClosedError if the stream ends before
   */
  readInto(target: Uint8Array, options: PartialOptions = {}): Promise<number> {
    if (!(target instanceof Uint8Array)) {
      throw new CodedError("ERR_ARGUMENT_TYPE", "readInto() needs a Uint8Array to read into");
    }
    return this[START_READ](new IntoRead(target, isPartial(options)));
  }

  /**
   * Reads up to `delimiter` and with it.
   *
   * @param delimiter bytes, or text as UTF-8; not empty
   * @returns rejects with StreamClosedError if the stream ends before; or if the delimiter does not end within maxBytes,
   *   even if it is there: its realError is an UnsatisfiableReadError then, and the stream is closed
   */
  readUntil(delimiter: string | Uint8Array, options: UntilOptions = {}): Promise<Buffer> {
    return this[START_READ](new DelimiterRead(delimiterOf(delimiter), this.#limits(options)));
  }

  /**
   * Reads up to the end of what `regex` matches first. To it the bytes are characters U+0000 to U+00FF; it is tried on
   * what has arrived so far, so a pattern that ends in "+" takes what is there.
   *
   * @returns as readUntil()
   */
  readUntilRegex(regex: RegExp, options: UntilOptions = {}): Promise<Buffer> {
    if (!(regex instanceof RegExp)) {
      throw new CodedError("ERR_ARGUMENT_TYPE", "readUntilRegex() needs a RegExp");
    }
    return this[START_READ](new RegexRead(regex, this.#limits(options)));
  }

  /** Reads everything until the stream ends, however it ends; of one that has ended, the rest. */
  readUntilClose(): Promise<Buffer> {
    return this[START_READ](new RestRead());
  }

  /** Pieces as they arrive, until the stream ends; throws if it was broken. A loop that is left closes the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (;;) yield await this.readBytes(this.maxBufferBytes, { partial: true });
    } catch (error) {
      if (!(error instanceof StreamClosedError) || error.realError !== null) throw error;
    } finally {
      this.close();
    }
  }

  #limits(options: UntilOptions): ReadLimits {
    return { maxBytes: maxBytesOf(options), mostBytes: this.maxBufferBytes };
  }
}
