/** The options of IOStream, each with its default, range and unit. TCPServer takes them for its connections, too. */
import { KiB, MiB } from "../base/bytes.ts";
import { type Input, integer, options, type Resolved, resolve } from "../base/options.ts";

const MOST_BYTES = 2 * 1024 * MiB;

export const ioStreamOptions = options({
  /** Most bytes that are kept for a read. A read that needs more closes the stream. */
  maxBufferBytes: integer({ default: 100 * MiB, min: 2, max: MOST_BYTES }),
  /** Bytes that are read ahead while nobody reads, about; at most half of maxBufferBytes. Past it the peer waits. */
  readChunkBytes: integer({ default: 64 * KiB, min: 1, max: 64 * MiB }),
  /** Most bytes that wait for the kernel to take them. A write beyond it is refused. */
  maxWriteBufferBytes: integer({ default: null, min: 1, max: MOST_BYTES }),
});

export type IOStreamOptions = Input<typeof ioStreamOptions>;
export type ResolvedIOStreamOptions = Resolved<typeof ioStreamOptions>;

const known = new WeakSet<ResolvedIOStreamOptions>();

/** Checks options, once: what this has returned may be given again, for the next of many streams. */
export function resolveStreamOptions(given: IOStreamOptions): ResolvedIOStreamOptions {
  if (known.has(given as ResolvedIOStreamOptions)) return given as ResolvedIOStreamOptions;
  const resolved = resolve("IOStream", ioStreamOptions, given);
  known.add(resolved);
  return resolved;
}
