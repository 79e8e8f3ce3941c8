/**
 * The kinds of reads that an IOStream knows: what each waits for, and what it makes of the bytes that are there.
 *
 * StreamReader asks a read again whenever bytes have arrived.
 */
import type { ReadBuffer } from "./readbuffer.ts";
import { UnsatisfiableReadError } from "./streamerrors.ts";

/** What a read says to the bytes that are there: it is done, or not yet. */
export const PENDING = Symbol("pending");

export interface StreamRead<Result> {
  /** Bytes it waits for in all if that is known, else 0. */
  readonly wantedBytes: number;
  /** Does trying cost as much as there is to look at? Then it is not tried at every arrival. */
  readonly isCostly: boolean;
  /** Takes what it waits for from the buffer. @throws UnsatisfiableReadError if it never can */
  attempt(buffer: ReadBuffer): Result | typeof PENDING;
  /** The stream has ended: the result all the same, if there is one. */
  end(buffer: ReadBuffer): Result | typeof PENDING;
}

/** Exactly `bytes`, or from 1 to `bytes` if `isPartial`. */
export class BytesRead implements StreamRead<Buffer> {
  readonly wantedBytes: number;
  readonly isCostly = false;
  readonly #isPartial: boolean;

  constructor(bytes: number, isPartial: boolean) {
    this.wantedBytes = bytes;
    this.#isPartial = isPartial;
  }

  attempt(buffer: ReadBuffer): Buffer | typeof PENDING {
    const { length } = buffer;
    if (length >= this.wantedBytes) return buffer.shift(this.wantedBytes);
    return this.#isPartial && length > 0 ? buffer.shift(length) : PENDING;
  }

  end(): typeof PENDING {
    return PENDING;
  }
}

/** Into the caller's memory: all of it, or at least a byte if `isPartial`. The result is how many bytes. */
export class IntoRead implements StreamRead<number> {
  readonly wantedBytes = 0;
  readonly isCostly = false;
  readonly #target: Uint8Array;
  readonly #isPartial: boolean;
  #filled = 0;

  constructor(target: Uint8Array, isPartial: boolean) {
    this.#target = target;
    this.#isPartial = isPartial;
  }

  attempt(buffer: ReadBuffer): number | typeof PENDING {
    this.#filled += buffer.copyInto(this.#target, this.#filled);
    const isDone = this.#filled === this.#target.length || (this.#isPartial && this.#filled > 0);
    return isDone ? this.#filled : PENDING;
  }

  end(): typeof PENDING {
    return PENDING;
  }
}

/** How far a read looks: at most `maxBytes`, past which it can never be done, of the `mostBytes` that a buffer may hold. */
export interface ReadLimits {
  readonly maxBytes: number;
  readonly mostBytes: number;
}

/** Up to a delimiter and with it. No byte is looked at twice, however the bytes arrive. */
export class DelimiterRead implements StreamRead<Buffer> {
  readonly wantedBytes = 0;
  readonly isCostly = false;
  readonly #delimiter: Uint8Array;
  readonly #maxBytes: number;
  readonly #limit: number;
  #searched = 0;

  constructor(delimiter: Uint8Array, { maxBytes, mostBytes }: ReadLimits) {
    this.#delimiter = delimiter;
    this.#maxBytes = maxBytes;
    this.#limit = Math.min(maxBytes, mostBytes);
  }

  attempt(buffer: ReadBuffer): Buffer | typeof PENDING {
    const { length: size } = this.#delimiter;
    const at = buffer.indexOf(this.#delimiter, this.#searched, this.#limit);
    if (at >= 0) return buffer.shift(at + size);
    if (buffer.length > this.#maxBytes) throw new UnsatisfiableReadError(this.#maxBytes);
    this.#searched = Math.max(0, buffer.length - size + 1);
    return PENDING;
  }

  end(): typeof PENDING {
    return PENDING;
  }
}

/** Up to the end of what a regular expression matches first. The bytes are its characters, U+0000 to U+00FF. */
export class RegexRead implements StreamRead<Buffer> {
  readonly wantedBytes = 0;
  readonly isCostly = true;
  readonly #regex: RegExp;
  readonly #maxBytes: number;
  readonly #mostBytes: number;

  constructor(regex: RegExp, { maxBytes, mostBytes }: ReadLimits) {
    // Without the flags that make it remember where it was; the caller's own is left alone.
    this.#regex = new RegExp(regex.source, regex.flags.replace(/[gy]/g, ""));
    this.#maxBytes = maxBytes;
    this.#mostBytes = mostBytes;
  }

  attempt(buffer: ReadBuffer): Buffer | typeof PENDING {
    const match = this.#regex.exec(buffer.latin1(buffer.length));
    const end = match === null ? buffer.length : match.index + match[0].length;
    if (end > this.#maxBytes) throw new UnsatisfiableReadError(this.#maxBytes);
    return match === null || end > this.#mostBytes ? PENDING : buffer.shift(end);
  }

  end(buffer: ReadBuffer): Buffer | typeof PENDING {
    return this.attempt(buffer);
  }
}

/** Everything until the stream ends. */
export class RestRead implements StreamRead<Buffer> {
  readonly wantedBytes = 0;
  readonly isCostly = false;

  attempt(): typeof PENDING {
    return PENDING;
  }

  end(buffer: ReadBuffer): Buffer {
    return buffer.shift(buffer.length);
  }
}
