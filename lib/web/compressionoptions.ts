/**
 * The options of compressed responses: the setting `compressResponse` of an Application.
 *
 *     new Application(routes, { compressResponse: true });
 *     new Application(routes, { compressResponse: { encodings: ["gzip"], gzipLevel: 9 } });
 */
import { KiB, MiB } from "../base/bytes.ts";
import {
  custom,
  type Input,
  integer,
  list,
  oneOf,
  options,
  type Resolved,
  resolve,
} from "../base/options.ts";
import type { ContentCoding } from "../http/acceptencoding.ts";
import { defaultTypes, TYPE_PATTERN } from "./compressiontypes.ts";

export const compressionOptions = options({
  /** The codings that are offered, the one preferred first; zstd only where the running Node.js has it (22.15, 23.8). */
  encodings: list<ContentCoding>({
    default: ["br", "zstd", "gzip"],
    of: oneOf({ values: ["br", "zstd", "gzip"], default: "gzip" }),
  }),
  /** Effort of gzip. More costs time, and from 6 on gains a percent or two. */
  gzipLevel: integer({ default: 6, min: 1, max: 9 }),
  /** Effort of brotli. 4 costs what gzip does at 6 and is smaller; from 10 on it is for files that are compressed once. */
  brotliQuality: integer({ default: 4, min: 0, max: 11 }),
  /** Effort of zstd. Over 19 its window is more than a browser takes. RFC 9659. */
  zstdLevel: integer({ default: 3, min: 1, max: 19 }),
  /** Shorter bodies are sent as they are, unless they are flushed before they are complete. */
  minBytes: integer({ default: 1 * KiB, min: 0, max: 1024 * MiB }),
  /** Bodies from this length on are compressed off the loop's thread. Below it, handing them over costs as much as compressing. */
  largeBytes: integer({ default: 8 * KiB, min: 0, max: 1024 * MiB }),
  /** The media types that are compressed. "text/event-stream" only if it is named in full: each event is flushed by itself then. */
  types: list({
    default: defaultTypes,
    of: custom<string>({
      type: "string",
      default: "text/*",
      allowed: 'a media type, as "text/css", "text/*" or "*/*+json"',
      isAllowed: (value) => typeof value === "string" && TYPE_PATTERN.test(value),
    }),
  }),
});

export type CompressionOptions = Input<typeof compressionOptions>;
export type ResolvedCompressionOptions = Resolved<typeof compressionOptions>;

/**
 * @param given the setting; true = the defaults
 * @returns null if responses are not to be compressed
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function resolveCompression(
  given: boolean | CompressionOptions,
): ResolvedCompressionOptions | null {
  if (given === false) return null;
  return resolve("compressResponse", compressionOptions, given === true ? {} : given);
}
