/**
 * ContentCompression: the output transform behind the setting `compressResponse`; after Tornado's GZipContentEncoding.
 *
 * An application with that setting makes one per response, after all other transforms. It decides by the head and the
 * first chunk whether the body is compressed, and says so in the head: Content-Encoding; no Content-Length, unless the
 * body is whole; a weak entity tag, since the compressed body and the plain one are not the same bytes; and Vary, for
 * caches, on every response.
 *
 * Not compressed are: types that `types` does not name, what has a Content-Encoding already, what says "Cache-Control:
 * no-transform", ranges (they are of the plain body), statuses without a body, and what is whole and shorter than
 * `minBytes`.
 */
import { type ContentCoding, negotiateEncoding } from "../http/acceptencoding.ts";
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import { isBodiless } from "../http/httpstatus.ts";
import { canEncode, encodeNow, StreamEncoder } from "./compressionencoder.ts";
import { CompressionGate } from "./compressiongate.ts";
import type { ResolvedCompressionOptions } from "./compressionoptions.ts";
import { CompressionTypes } from "./compressiontypes.ts";
import type { Eventual, OutputTransform, TransformedHead } from "./outputtransform.ts";
import type { ResponseHeaders } from "./responseheaders.ts";

const NOT_MODIFIED = 304;
const PARTIAL_CONTENT = 206;

const NO_TRANSFORM = /(?:^|,)\s*no-transform\s*(?:,|$)/i;
const empty = Buffer.alloc(0);

/** What the compressed responses of one application have in common. */
export class CompressionPlan {
  readonly options: ResolvedCompressionOptions;
  readonly types: CompressionTypes;
  readonly gate = new CompressionGate();
  /** The codings that this Node.js can make, the one preferred first. */
  readonly codings: readonly ContentCoding[];

  constructor(options: ResolvedCompressionOptions) {
    this.options = options;
    this.types = new CompressionTypes(options.types);
    this.codings = options.encodings.filter(canEncode);
  }
}

export class ContentCompression implements OutputTransform {
  readonly #request: HTTPServerRequest;
  readonly #plan: CompressionPlan;
  #coding: ContentCoding | null = null;
  #encoder: StreamEncoder | null = null;
  #isAborted = false;

  constructor(request: HTTPServerRequest, plan: CompressionPlan) {
    this.#request = request;
    this.#plan = plan;
  }

  transformFirstChunk(
    status: number,
    headers: ResponseHeaders,
    chunk: Buffer,
    finishing: boolean,
  ): Eventual<TransformedHead> {
    // Of all, as Tornado does: also of what happens not to be compressed.
    addVary(headers);
    const coding = this.#codingOf(
      status,
      headers,
      finishing ? wholeBytes(status, headers, chunk) : null,
    );
    if (coding === null) return [status, headers, chunk];
    headers.clear("Content-Length");
    weakenEtag(headers);
    // Of a 304 and of HEAD there is only a head to be changed.
    if (status !== NOT_MODIFIED) headers.set("Content-Encoding", coding);
    if (status === NOT_MODIFIED || this.#request.method === "HEAD") return [status, headers, chunk];
    this.#coding = coding;
    const made = this.#encode(coding, chunk, finishing ? chunk.length : null, finishing);
    return made instanceof Promise
      ? made.then((bytes) => [status, headers, bytes])
      : [status, headers, made];
  }

  transformChunk(chunk: Buffer, finishing: boolean): Eventual<Uint8Array> {
    return this.#coding === null ? chunk : this.#encode(this.#coding, chunk, null, finishing);
  }

  transformsBody(status: number, headers: ResponseHeaders): boolean {
    return this.#codingOf(status, headers, null) !== null;
  }

  onAbort(): void {
    this.#isAborted = true;
    this.#encoder?.destroy();
    this.#encoder = null;
  }

  /** Another client might get this response compressed. */
  #canBeCompressed(status: number, headers: ResponseHeaders): boolean {
    if (isBodiless(status) && status !== NOT_MODIFIED) return false;
    return this.#plan.types.includes(headers.getList("Content-Type")[0]);
  }

  /**
   * The coding that the body is to have.
   *
   * @param wholeBytes length of the body if it is whole; null = it is streamed
   */
  #codingOf(
    status: number,
    headers: ResponseHeaders,
    wholeBytes: number | null,
  ): ContentCoding | null {
    const { options, codings } = this.#plan;
    if (wholeBytes !== null && (wholeBytes < options.minBytes || wholeBytes === 0)) return null;
    if (status === PARTIAL_CONTENT || headers.has("Content-Range")) return null;
    if (!this.#canBeCompressed(status, headers) || headers.has("Content-Encoding")) return null;
    if (headers.getList("Cache-Control").some((line) => NO_TRANSFORM.test(line))) return null;
    return negotiateEncoding(this.#request.headers.get("Accept-Encoding"), codings);
  }

  #encode(
    coding: ContentCoding,
    chunk: Buffer,
    wholeBytes: number | null,
    finishing: boolean,
  ): Buffer | Promise<Buffer> {
    const { options, gate } = this.#plan;
    // A flush() that sends the head, and no bytes yet.
    if (chunk.length === 0 && !finishing) return empty;
    if (wholeBytes === null) {
      this.#encoder ??= new StreamEncoder(coding, options, null);
      return this.#encoder.encode(chunk, finishing);
    }
    if (wholeBytes < options.largeBytes) return encodeNow(coding, options, chunk);
    return gate.run(async () => {
      if (this.#isAborted) return empty;
      this.#encoder = new StreamEncoder(coding, options, wholeBytes);
      return this.#encoder.encode(chunk, true);
    });
  }
}

/** The length of a body that is whole, even if it is not sent; null = not known: of a 304 that the handler set itself. */
function wholeBytes(status: number, headers: ResponseHeaders, chunk: Buffer): number | null {
  const declared = headers.getList("Content-Length")[0];
  if (declared !== undefined) return Number(declared);
  return status === NOT_MODIFIED ? null : chunk.length;
}

/** Adds Accept-Encoding to Vary, unless it is there or all varies. @see RFC 9110 §12.5.5 */
function addVary(headers: ResponseHeaders): void {
  const members = headers
    .getList("Vary")
    .flatMap((line) => line.split(","))
    .map((member) => member.trim())
    .filter((member) => member !== "");
  if (members.some((member) => member === "*" || member.toLowerCase() === "accept-encoding")) {
    return;
  }
  headers.set("Vary", [...members, "Accept-Encoding"].join(", "));
}

/** A strong tag promises the same bytes. @see RFC 9110 §8.8.1, §8.8.3.3 */
function weakenEtag(headers: ResponseHeaders): void {
  const etag = headers.getList("Etag")[0];
  if (etag?.startsWith('"')) headers.set("Etag", `W/${etag}`);
}
