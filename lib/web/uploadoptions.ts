/**
 * What a handler class says with `static readonly uploads`: files of multipart forms go to disk while
 * they arrive, and how much of what is taken.
 *
 *     class Avatar extends RequestHandler {
 *       static readonly uploads: UploadOptions = { maxFileBytes: 5 * 1024 * 1024 };
 *       async post() {
 *         const [file] = this.uploadedFiles("avatar");
 *         await file?.moveTo(`avatars/${id}`);
 *       }
 *     }
 */
import { KiB, MiB } from "../base/bytes.ts";
import { type Input, integer, options, type Resolved, resolve, string } from "../base/options.ts";

const MOST_COUNT = 1_000_000;
const MOST_BYTES = Number.MAX_SAFE_INTEGER;

export const uploadOptions = options({
  /** Where files are kept until the response is done; null = os.tmpdir(). It must be there. */
  directory: string({ default: null }),
  /** Most bytes of the whole body, in the place of the server's maxBodyBytes. Over it: 413. null = the server's. */
  maxBodyBytes: integer({ default: null, min: 0, max: MOST_BYTES }),
  /** Most bytes of one file. Over it: 413. null = as many as the body may have. */
  maxFileBytes: integer({ default: null, min: 1, max: MOST_BYTES }),
  /** Most files. Over it: 400. */
  maxFiles: integer({ default: 20, min: 0, max: MOST_COUNT }),
  /** Most parts, fields and files together. Over it: 400. */
  maxParts: integer({ default: 100, min: 1, max: MOST_COUNT }),
  /** Most bytes of the header of one part. Over it: 400. */
  maxPartHeaderBytes: integer({ default: 10 * KiB, min: 64, max: 1 * MiB }),
  /** Most bytes of one field that is no file; fields are kept in memory. Over it: 413. */
  maxFieldBytes: integer({ default: 1 * MiB, min: 1, max: MOST_BYTES }),
  /** Most bytes of all fields that are no files, together. Over it: 413. */
  maxFieldsBytes: integer({ default: 8 * MiB, min: 1, max: MOST_BYTES }),
  /** How long a handler whose client has gone may still use its files, in ms; then they are removed, done or not. */
  abandonedTimeoutMs: integer({ default: 60_000, min: 0, max: 86_400_000 }),
});

export type UploadOptions = Input<typeof uploadOptions>;
export type ResolvedUploadOptions = Resolved<typeof uploadOptions>;

const resolved = new WeakMap<object, ResolvedUploadOptions>();

/**
 * The options of a class, checked the first time they are seen.
 *
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function resolveUploads(given: UploadOptions): ResolvedUploadOptions {
  let found = resolved.get(given);
  if (found === undefined) {
    found = resolve("uploads", uploadOptions, given);
    resolved.set(given, found);
  }
  return found;
}
