/**
 * Fields of a static file's response that depend on the request: how long it may be kept, which parts of it are sent.
 *
 * Steps of StaticFileHandler, which are functions because they are nothing of a subclass's.
 */
import { randomBytes } from "node:crypto";
import {
  type ByteRange,
  contentRange,
  type MultipartBody,
  multipartBody,
  selectRanges,
} from "../http/byteranges.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { isRangeWanted, type Validators } from "../http/preconditions.ts";
import type { ResponseHandler } from "./responsehandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { StaticFile } from "./staticfile.ts";
import { isVersionOf } from "./staticversions.ts";

const BOUNDARY_BYTES = 12;

/** What is to be sent of a file. */
export interface FileParts {
  readonly parts: readonly ByteRange[];
  /** null = there is one part, and nothing around it. */
  readonly multipart: MultipartBody | null;
}

/** What the URL says after ?v=; undefined if it has none. */
export function versionArgument(request: HTTPServerRequest): string | undefined {
  return request.uri.includes("?") ? request.queryArguments.get("v")?.at(-1) : undefined;
}

/**
 * The Cache-Control field. A version that is not the file's may become another file's: that URL is kept, but asked about
 * when the page is reloaded.
 */
export function cacheControl(
  request: HTTPServerRequest,
  file: StaticFile | null,
  seconds: number,
): string {
  const version = versionArgument(request);
  const isItsOwn = version !== undefined && file !== null && isVersionOf(version, file);
  return isItsOwn ? `max-age=${seconds}, immutable` : `max-age=${seconds}`;
}

/** Says that another client may get the file with another coding. */
export function addVary(handler: ResponseHandler): void {
  const lines = handler[RESPONSE].lines("Vary");
  if (!lines.some((line) => /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(line))) {
    handler.addHeader("Vary", "Accept-Encoding");
  }
}

/**
 * Heeds the Range field: sets status and fields for what is to be sent.
 *
 * @returns null for 416: nothing is sent
 */
export function selectParts(
  handler: ResponseHandler,
  validators: Validators,
  size: number,
): FileParts | null {
  const response = handler[RESPONSE];
  const { headers } = handler.request;
  const whole: FileParts = { parts: [{ start: 0, end: size }], multipart: null };
  const range = response.status === 200 ? headers.get("Range") : null;
  if (range === null || !isRangeWanted(headers, validators)) return whole;
  const selection = selectRanges(range, size);
  if (selection.kind === "whole") return whole;
  if (selection.kind === "unsatisfiable") {
    handler.setStatus(416);
    handler.setHeader("Content-Type", "text/plain");
    handler.setHeader("Content-Range", `bytes */${size}`);
    for (const name of ["Content-Encoding", "Cache-Control", "Expires"]) handler.clearHeader(name);
    return null;
  }
  const { parts } = selection;
  const [first] = parts;
  handler.setStatus(206);
  if (parts.length === 1 && first !== undefined) {
    handler.setHeader("Content-Range", contentRange(first, size));
    return { parts, multipart: null };
  }
  const contentType = response.lines("Content-Type")[0] ?? null;
  const boundary = randomBytes(BOUNDARY_BYTES).toString("hex");
  const multipart = multipartBody(parts, size, contentType, boundary);
  handler.setHeader("Content-Type", multipart.contentType);
  return { parts, multipart };
}
