/**
 * UploadReader: takes a multipart body while it arrives; its files go to disk, its fields to memory.
 *
 *     Application.startBody ──▶ receiveUploads() ──▶ exchange.bodyReader
 *     pieces ──▶ onBody ──▶ MultipartScanner ──▶ parts ──▶ arguments · UploadWriter ──▶ UploadedFile
 *     whole  ──▶ onBodyEnd ──▶ form: what the request has as bodyArguments and files
 *     the response is done, or anything fails ──▶ release(): no file is left but those that were moved
 *
 * What is a part, and what is malformed, the scanner says as it does for a form in memory. A promise of onBody() settles
 * when what the piece had of files is with the kernel: a slow disk holds the client, and no more than a piece is in memory.
 *
 * The first fault ends everything. Whoever is to answer it (`refuse`) is told; without that the server refuses the body.
 */
import { BodyBuffer } from "../base/bodybuffer.ts";
import { CodedError } from "../base/errors.ts";
import { stillEncoded } from "../http/bodyparsing.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import { multipartError, partTooLarge } from "../http/multiparterror.ts";
import type { ParsedForm } from "../http/multipartfile.ts";
import { multipartBoundary, type PartHead } from "../http/multipartpart.ts";
import { MultipartScanner, type MultipartSink } from "../http/multipartscanner.ts";
import type { BodyReader } from "../server/bodyreader.ts";
import { UploadedFile } from "./uploadedfile.ts";
import { type ResolvedUploadOptions, resolveUploads, type UploadOptions } from "./uploadoptions.ts";
import { UploadWriter } from "./uploadwriter.ts";

/** What the reader needs of a request; Exchange is one. */
export interface UploadExchange {
  readonly headers: HTTPHeaders;
  bodyReader: BodyReader | null;
  setMaxBodyBytes(bytes: number): void;
}

/** Answers a request whose form is malformed, too large, or cannot be stored. */
export type RefuseUpload = (error: Error) => void;

/**
 * Has the body of a request to a class with `uploads` read as it arrives, if it is a multipart form;
 * any other is read as usual. For startBody().
 *
 * @param given  what the class says
 * @param refuse called once if the form is refused, in the turn that finds it out; what still comes is dropped then.
 *   Default: onBody() and onBodyEnd() fail, so that the server refuses it
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function receiveUploads(
  exchange: UploadExchange,
  given: UploadOptions,
  refuse: RefuseUpload | null = null,
): void {
  const options = resolveUploads(given);
  const contentType = exchange.headers.get("content-type");
  if (!contentType?.toLowerCase().startsWith("multipart/form-data")) return;
  // Not for other bodies: they are kept in memory.
  if (options.maxBodyBytes !== null) exchange.setMaxBodyBytes(options.maxBodyBytes);
  const contentEncoding = exchange.headers.get("content-encoding");
  exchange.bodyReader = new UploadReader(contentType, contentEncoding, options, refuse);
}

export class UploadReader implements BodyReader, MultipartSink {
  /** What the body was parsed into; complete when onBodyEnd() has settled. */
  readonly form: ParsedForm;

  readonly #options: ResolvedUploadOptions;
  readonly #refuse: RefuseUpload | null;
  readonly #arguments = new Map<string, string[]>();
  readonly #files = new Map<string, UploadedFile[]>();
  readonly #writer = new UploadWriter();
  readonly #stored: UploadedFile[] = [];
  readonly #scanner: MultipartScanner | null;
  /** The part that is being read: a field's name and text so far, or a file. */
  #field: string | null = null;
  readonly #text = new BodyBuffer();
  #file: UploadedFile | null = null;
  #fieldsBytes = 0;
  /** The first fault; nothing is taken after it. */
  #error: Error | null = null;
  /** Somebody knows of it. */
  #isTold = false;
  #released: Promise<void> | null = null;
  #abandoned: NodeJS.Timeout | null = null;

  constructor(
    contentType: string,
    contentEncoding: string | null,
    options: ResolvedUploadOptions,
    refuse: RefuseUpload | null = null,
  ) {
    this.form = { arguments: this.#arguments, files: this.#files };
    this.#options = options;
    this.#refuse = refuse;
    // A fault is kept for the first call, where it is expected.
    let scanner: MultipartScanner | null = null;
    try {
      if (contentEncoding !== null) throw stillEncoded(contentEncoding);
      scanner = new MultipartScanner(multipartBoundary(contentType), options, this);
    } catch (error) {
      this.#error = asError(error);
    }
    this.#scanner = scanner;
  }

  // The body arrives.

  onBody(piece: Buffer): Promise<void> | undefined {
    return this.#take((scanner) => scanner.push(piece));
  }

  onBodyEnd(): Promise<void> | undefined {
    return this.#take((scanner) => scanner.end());
  }

  onBodyAborted(error: Error): void {
    this.#error ??= error;
    void this.release();
  }

  /** Its handler may still be at work, and may use the files for a while. */
  onClientGone(): void {
    if (this.#released !== null || this.#abandoned !== null) return;
    this.#abandoned = setTimeout(() => void this.release(), this.#options.abandonedTimeoutMs);
    this.#abandoned.unref();
  }

  /**
   * The request is over: removes every file that was not moved. May be called at any time and again.
   *
   * @returns settles when the files are gone; never rejects
   */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  // Called by the scanner.

  onPart(head: PartHead): void {
    const { name, filename } = head;
    if (filename === null) {
      this.#field = name;
      return;
    }
    const { maxFiles, directory } = this.#options;
    if (this.#stored.length === maxFiles)
      throw multipartError(`the form has more than ${maxFiles} files; raise maxFiles if it may`);
    this.#file = new UploadedFile(head, directory);
    this.#stored.push(this.#file);
    listOf(this.#files, name).push(this.#file);
    this.#writer.open(this.#file.path);
  }

  onData(bytes: Buffer): void {
    const { maxFieldBytes, maxFieldsBytes, maxFileBytes } = this.#options;
    if (this.#file !== null) {
      this.#file.grow(bytes.length);
      if (maxFileBytes !== null && this.#file.size > maxFileBytes)
        throw partTooLarge("maxFileBytes", maxFileBytes);
      this.#writer.write(bytes);
      return;
    }
    this.#fieldsBytes += bytes.length;
    if (this.#text.length + bytes.length > maxFieldBytes)
      throw partTooLarge("maxFieldBytes", maxFieldBytes);
    if (this.#fieldsBytes > maxFieldsBytes) throw partTooLarge("maxFieldsBytes", maxFieldsBytes);
    this.#text.append(bytes, 0, bytes.length, 0);
  }

  onPartEnd(): void {
    if (this.#field === null) this.#writer.close();
    else listOf(this.#arguments, this.#field).push(this.#text.take().toString("latin1"));
    this.#field = this.#file = null;
  }

  // Steps.

  /** @returns settles when the kernel has what was to be written; undefined if that was nothing */
  #take(step: (scanner: MultipartScanner) => void): Promise<void> | undefined {
    if (this.#error !== null && this.#isTold) return undefined;
    try {
      if (this.#error !== null || this.#scanner === null) throw this.#error;
      step(this.#scanner);
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#writer.isIdle) return undefined;
    return this.#writer.flush().catch((error: unknown) => this.#fail(error));
  }

  /** @throws the error, for the server, if nobody else answers it */
  #fail(error: unknown): undefined {
    this.#error ??= asError(error);
    this.#isTold = true;
    // As of a form in memory that is refused, nothing is to be found of it.
    this.#arguments.clear();
    this.#files.clear();
    if (this.#refuse === null) throw this.#error;
    // Aborted: there is nobody to be answered.
    if (this.#released === null) this.#refuse(this.#error);
    return undefined;
  }

  async #release(): Promise<void> {
    if (this.#abandoned !== null) clearTimeout(this.#abandoned);
    this.#error ??= new CodedError(
      "ERR_STATE",
      "the request was over before its body had been read",
    );
    await this.#writer.end();
    await Promise.all(this.#stored.map((file) => file.remove()));
  }
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  let list = lists.get(name);
  if (list === undefined) {
    list = [];
    lists.set(name, list);
  }
  return list;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
