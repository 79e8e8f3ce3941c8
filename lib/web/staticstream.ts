/**
 * Static files sent through the handler's write() and flush(): where an output transform changes the body, or a handler
 * class brings its content from elsewhere. Any other leaves by sendfile(2), see filebody.ts.
 */
import { open, read } from "node:fs";
import { promisify } from "node:util";
import { KiB } from "../base/bytes.ts";
import { CodedError } from "../base/errors.ts";
import type { ByteRange, MultipartBody } from "../http/byteranges.ts";

/** What a content may be made of. */
export type ContentPieces =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/** Who writes it: a handler. */
export interface ContentSink {
  write(chunk: string | Uint8Array): void;
  flush(): Promise<void>;
}

/** Read at a time, as in Tornado. */
const CHUNK_BYTES = 64 * KiB;

const readAt = promisify(read);
const openAt = promisify(open);

/**
 * Reads a span of an open file in pieces of 64 KiB.
 *
 * @throws CodedError ERR_HTTP_BODY_LENGTH if the file ends before: it was truncated while it was sent
 */
export async function* readPieces(fd: number, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
    const { bytesRead } = await readAt(fd, chunk, 0, chunk.length, at);
    if (bytesRead === 0) {
      throw new CodedError(
        "ERR_HTTP_BODY_LENGTH",
        `a file ends ${end - at} bytes before the end it had when it was opened`,
      );
    }
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

/** Opens a file for reading. @returns its descriptor, the caller's to close */
export function openForReading(path: string): Promise<number> {
  return openAt(path, "r");
}

/**
 * Writes parts of a content, and what stands between them; each piece waits until the client keeps up. Returns early if
 * the client goes away: that is no error of the handler's.
 */
export async function streamParts(
  sink: ContentSink,
  parts: readonly ByteRange[],
  multipart: MultipartBody | null,
  contentOf: (part: ByteRange) => ContentPieces | Promise<ContentPieces>,
): Promise<void> {
  for (const [i, part] of parts.entries()) {
    const head = multipart?.heads[i];
    if (head !== undefined) sink.write(head);
    const content = await contentOf(part);
    const pieces =
      typeof content === "string" || content instanceof Uint8Array ? [content] : content;
    for await (const piece of pieces) {
      sink.write(piece);
      if (!(await isTaken(sink))) return;
    }
  }
  if (multipart !== null) sink.write(multipart.tail);
}

/** Waits until the client keeps up. @returns false if it has gone away */
async function isTaken(sink: ContentSink): Promise<boolean> {
  try {
    await sink.flush();
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.code === "ERR_HTTP_CONNECTION_CLOSED") return false;
    throw error;
  }
}
