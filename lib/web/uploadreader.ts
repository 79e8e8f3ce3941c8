/**
 * UploadReader: takes a multipart body while it arrives; its files go to disk, its fields to memory.
 *
 *     Application.startBody ──▶ receiveUploads() ──▶ exchange.bodyReader
 *     pieces ──▶ onBody ──▶ Dicer of @fastify/busboy ──▶ parts ──▶ UploadedFile · arguments
 *     whole  ──▶ onBodyEnd ──▶ form: what the request has as bodyArguments and files
 *     the response is done, or anything fails ──▶ release(): no file is left but those that were moved
 *
 * busboy finds the boundaries; which part is a file and what is malformed is decided by the same
 * rules as for a form in memory (multipartpart.ts), for busboy would leave out what it does not
 * understand. It keeps the fields of a part only as names and values, so two things are a little
 * more lenient here: folded lines are joined, and neither a line without a colon or with a bare CR
 * or LF nor those behind it are seen.
 *
 * A promise of onBody() settles when busboy has taken the piece, and busboy takes no more than each
 * part's reader does: a slow disk holds the client.
 */
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { Dicer } from "@fastify/busboy";
import { CodedError, type HTTPInputError } from "../base/errors.ts";
import { stillEncoded } from "../http/bodyparsing.ts";
import type { HTTPHeaders } from "../http/httpheaders.ts";
import {
  multipartError,
  partHeadTooLarge,
  partTooLarge,
  tooManyParts,
} from "../http/multiparterror.ts";
import type { ParsedForm } from "../http/multipartfile.ts";
import { multipartBoundary, type PartHead, partHeadOf } from "../http/multipartpart.ts";
import type { BodyReader } from "../server/bodyreader.ts";
import { UploadedFile } from "./uploadedfile.ts";
import { type ResolvedUploadOptions, resolveUploads, type UploadOptions } from "./uploadoptions.ts";

/** The fields of a part as busboy gives them: values by name in lower case, latin1. */
type PartFields = Readonly<Record<string, readonly string[] | undefined>>;

const OWNER_ONLY = 0o600;

/** busboy puts a CRLF before the body; the first boundary may have its own. */
const MOST_PREAMBLE_BYTES = 2;

/** busboy cuts a header that is longer than this; so that we see it is too long, it must be more than we take. */
const CUT_AT = 2;

/** What ": " and CRLF add to a field. */
const LINE_BYTES = 4;
const CRLF_BYTES = 2;

/** What the reader needs of a request; Exchange is one. */
export interface UploadExchange {
  readonly headers: HTTPHeaders;
  bodyReader: BodyReader | null;
  setMaxBodyBytes(bytes: number): void;
}

/**
 * Has the body of a request to a class with `uploads` read as it arrives, if it is a multipart form;
 * any other is read as usual. For startBody().
 *
 * @param given what the class says
 * @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE
 */
export function receiveUploads(exchange: UploadExchange, given: UploadOptions): void {
  const options = resolveUploads(given);
  const contentType = exchange.headers.get("content-type");
  if (!contentType?.toLowerCase().startsWith("multipart/form-data")) return;
  // Not for other bodies: they are kept in memory.
  if (options.maxBodyBytes !== null) exchange.setMaxBodyBytes(options.maxBodyBytes);
  const contentEncoding = exchange.headers.get("content-encoding");
  exchange.bodyReader = new UploadReader(contentType, contentEncoding, options);
}

export class UploadReader implements BodyReader {
  /** What the body was parsed into; complete when onBodyEnd() has settled. */
  readonly form: ParsedForm;

  readonly #options: ResolvedUploadOptions;
  readonly #arguments = new Map<string, string[]>();
  readonly #files = new Map<string, UploadedFile[]>();
  readonly #stored: UploadedFile[] = [];
  readonly #dicer: Dicer | null;
  /** Parts that are being read. */
  readonly #open = new Set<Readable>();
  /** One for each part; none of them rejects. */
  readonly #done: Promise<void>[] = [];
  #fieldsBytes = 0;
  #partCount = 0;
  #lastPartHasHead = true;
  #isFinished = false;
  /** The first fault; nothing is taken after it. */
  #error: Error | null = null;
  /** Settles the promise that onBody or onBodyEnd has returned. */
  #settle: ((error: Error | null) => void) | null = null;
  #released: Promise<void> | null = null;

  constructor(contentType: string, contentEncoding: string | null, options: ResolvedUploadOptions) {
    this.form = { arguments: this.#arguments, files: this.#files };
    this.#options = options;
    // A fault is kept for the first call, where it is expected.
    this.#dicer = this.#start(contentType, contentEncoding);
  }

  // The body arrives.

  onBody(piece: Buffer): Promise<void> {
    return this.#until(() => this.#dicer?.write(piece, () => this.#settle?.(this.#error)));
  }

  async onBodyEnd(): Promise<void> {
    await this.#until(() => {
      this.#dicer?.end();
      if (this.#isFinished) this.#settle?.(null);
    });
    if (!this.#lastPartHasHead) this.#fail(headless());
    await Promise.all(this.#done);
    if (this.#error !== null) throw this.#error;
  }

  onBodyAborted(error: Error): void {
    this.#fail(error);
    void this.release();
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

  // Steps.

  #start(contentType: string, contentEncoding: string | null): Dicer | null {
    let boundary: string;
    try {
      if (contentEncoding !== null) throw stillEncoded(contentEncoding);
      boundary = multipartBoundary(contentType);
    } catch (error) {
      this.#fail(error);
      return null;
    }
    // Not written as an argument: maxHeaderSize is missing from busboy's types.
    const config = { boundary, maxHeaderSize: this.#options.maxPartHeaderBytes * CUT_AT };
    const dicer = new Dicer(config);
    dicer.on("preamble", (part: Readable) => {
      part.on("error", ignore);
      this.#track(part, this.#readPreamble(part));
    });
    dicer.on("part", (part: Readable) => this.#onPart(part));
    dicer.on("error", (cause: Error) =>
      this.#fail(multipartError("the form is not ended by its boundary and --", { cause })),
    );
    dicer.on("finish", () => {
      this.#isFinished = true;
      this.#settle?.(this.#error);
    });
    return dicer;
  }

  /** Does something that ends by #settle(). */
  #until(start: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) {
        reject(this.#error);
        return;
      }
      this.#settle = (error) => {
        this.#settle = null;
        if (error === null) resolve();
        else reject(error);
      };
      start();
    });
  }

  /** The first fault ends everything; what is being written stops. */
  #fail(error: unknown): void {
    if (this.#error !== null) return;
    this.#error = error instanceof Error ? error : new Error(String(error));
    for (const part of this.#open) part.destroy(this.#error);
    this.#settle?.(this.#error);
  }

  #onPart(part: Readable): void {
    part.on("error", ignore);
    if (!this.#lastPartHasHead) this.#fail(headless());
    if (++this.#partCount > this.#options.maxParts)
      this.#fail(tooManyParts(this.#options.maxParts));
    if (this.#error !== null) {
      // It must be read, or busboy waits for that.
      part.resume();
      return;
    }
    this.#lastPartHasHead = false;
    part.once("header", (fields: PartFields) => {
      this.#lastPartHasHead = true;
      this.#onHead(part, fields);
    });
  }

  #onHead(part: Readable, fields: PartFields): void {
    try {
      const head = this.#judge(fields);
      this.#track(
        part,
        head.filename === null ? this.#readField(part, head) : this.#storeFile(part, head),
      );
    } catch (error) {
      this.#fail(error);
      part.resume();
    }
  }

  #track(part: Readable, reading: Promise<void>): void {
    this.#open.add(part);
    const done = reading.catch((error: unknown) => this.#fail(error));
    this.#done.push(done.finally(() => this.#open.delete(part)));
  }

  #judge(fields: PartFields): PartHead {
    const { maxPartHeaderBytes, maxFiles } = this.#options;
    if (sizeOf(fields) > maxPartHeaderBytes) throw partHeadTooLarge(maxPartHeaderBytes);
    const head = partHeadOf(fields);
    if (head.filename !== null && this.#stored.length === maxFiles)
      throw multipartError(`the form has more than ${maxFiles} files; raise maxFiles if it may`);
    return head;
  }

  /** Nothing may stand before the first boundary; see firstDelimiterEnd() of multipart.ts. */
  async #readPreamble(part: Readable): Promise<void> {
    let bytes = 0;
    for await (const piece of part as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MOST_PREAMBLE_BYTES)
        throw multipartError("the form does not begin with its boundary");
    }
  }

  async #readField(part: Readable, { name }: PartHead): Promise<void> {
    const { maxFieldBytes, maxFieldsBytes } = this.#options;
    // Its place among those of its name, whichever is read first.
    const values = listOf(this.#arguments, name);
    const place = values.push("") - 1;
    const pieces: Buffer[] = [];
    let bytes = 0;
    for await (const piece of part as AsyncIterable<Buffer>) {
      bytes += piece.length;
      this.#fieldsBytes += piece.length;
      if (bytes > maxFieldBytes) throw partTooLarge("maxFieldBytes", maxFieldBytes);
      if (this.#fieldsBytes > maxFieldsBytes) throw partTooLarge("maxFieldsBytes", maxFieldsBytes);
      pieces.push(piece);
    }
    values[place] = Buffer.concat(pieces, bytes).toString("latin1");
  }

  async #storeFile(part: Readable, head: PartHead): Promise<void> {
    const file = new UploadedFile(head, this.#options.directory);
    this.#stored.push(file);
    listOf(this.#files, head.name).push(file);
    // "wx": a file of our own making, through no link.
    const handle = await open(file.path, "wx", OWNER_ONLY);
    try {
      if (this.#error !== null) throw this.#error;
      await this.#writeFile(part, file, handle);
    } finally {
      await handle.close();
    }
  }

  async #writeFile(part: Readable, file: UploadedFile, handle: FileHandle): Promise<void> {
    const { maxFileBytes } = this.#options;
    for await (const piece of part as AsyncIterable<Buffer>) {
      file.grow(piece.length);
      if (maxFileBytes !== null && file.size > maxFileBytes)
        throw partTooLarge("maxFileBytes", maxFileBytes);
      await handle.appendFile(piece);
    }
  }

  async #release(): Promise<void> {
    this.#fail(new CodedError("ERR_STATE", "the request was over before its body had been read"));
    await Promise.all(this.#done);
    await Promise.all(this.#stored.map((file) => file.remove()));
  }
}

/** How long a header was, with one space behind each colon, as every client sends it. */
function sizeOf(fields: PartFields): number {
  let bytes = 0;
  for (const name in fields) {
    for (const value of fields[name] ?? []) bytes += name.length + value.length + LINE_BYTES;
  }
  return bytes - CRLF_BYTES;
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  let list = lists.get(name);
  if (list === undefined) {
    list = [];
    lists.set(name, list);
  }
  return list;
}

function headless(): HTTPInputError {
  return multipartError("the header of a part has no end");
}

function ignore(): void {}
