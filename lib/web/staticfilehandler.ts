/**
 * StaticFileHandler: serves the files of a folder, after Tornado's.
 *
 *     ["/files/(.*)", StaticFileHandler, { path: "/srv/files", defaultFilename: "index.html" }]
 *
 * The setting staticPath adds such a route by itself. The life of a request, each step a method that may be overridden:
 *
 *     parseUrlPath → getAbsolutePath → validateAbsolutePath ─▶ is it there, is it allowed, is it a file
 *       → setHeaders (computeEtag, getModifiedTime, getContentType, getCacheTime, setExtraHeaders)
 *       → shouldReturn304 → ranges → sendfile(2)
 *
 * A file that was served before and is still the same is answered in the turn the request was read in, after one stat(2);
 * anything else of the file system is asked in the thread pool. The bytes never pass through JavaScript, unless an
 * output transform changes them.
 */
import { closeSync, statSync } from "node:fs";
import * as path from "node:path";
import { CodedError } from "../base/errors.ts";
import { contentTypeOf, withCharset } from "../http/contenttype.ts";
import { isNotModified, preconditionFails, type Validators } from "../http/preconditions.ts";
import { asciiTarget } from "../http/requesttarget.ts";
import { HTTPError } from "./httperror.ts";
import { RequestHandler } from "./requesthandler.ts";
import { RESPONSE } from "./responsewriter.ts";
import type { InitArgs } from "./routing.ts";
import {
  addVary,
  cacheControl,
  type FileParts,
  selectParts,
  versionArgument,
} from "./staticfields.ts";
import { bytesOf, FileRanges, type StaticFile } from "./staticfile.ts";
import { type OpenOptions, staticFiles } from "./staticfilecache.ts";
import { locateFile } from "./staticlocation.ts";
import {
  type ResolvedStaticFileOptions,
  type StaticPlan,
  staticOptionsOf,
  staticPlanOf,
} from "./staticoptions.ts";
import { type EncodedFile, findEncoded, forgetAbsentSiblings } from "./staticsiblings.ts";
import { isPlainPath, StaticSite } from "./staticsite.ts";
import { type ContentPieces, openForReading, readPieces, streamParts } from "./staticstream.ts";
import { type StaticSettings, staticUrlOf, versionForUrl } from "./staticurl.ts";
import { contentVersions, DEFAULT_HASH_LIMIT_BYTES } from "./staticversions.ts";

/** The group of the route's pattern: alone, or named "path". */
export type PathGroup = string | { readonly path?: string | undefined } | undefined;

const SECOND_MS = 1000;

export class StaticFileHandler extends RequestHandler {
  /** How long a URL with ?v= may be kept, in seconds: ten years. */
  static readonly CACHE_MAX_AGE = 315_360_000;

  // What initialize() sets; a subclass with an initialize() of its own must set `root`, and may set the others.

  root = "";
  defaultFilename: string | null = null;
  allowedSymlinkDirectory: string | readonly string[] | null = null;
  dotfiles: ResolvedStaticFileOptions["dotfiles"] = "ignore";
  precompressed = false;
  cacheMaxAgeMs = 0;
  charset: string | null = null;
  hashLimitBytes: number = DEFAULT_HASH_LIMIT_BYTES;

  // What the request is found to ask for.

  /** The path below the root, as parseUrlPath() gave it. */
  path = "";
  /** The file; "" before validateAbsolutePath() has found it. */
  absolutePath = "";
  /** Last-Modified, whole seconds; null = none. */
  modified: Date | null = null;

  #file: StaticFile | null = null;
  #encoded: EncodedFile | null = null;
  #ownVersion: string | null = null;

  // Class methods.

  /** The path of a file: the root and a path below it put together, "." and ".." resolved. */
  static getAbsolutePath(root: string, urlPath: string): string {
    return path.resolve(root, urlPath);
  }

  /**
   * The version of a file: the SHA-512 of its content in hexadecimal. A class may make versions of something else.
   *
   * @throws an error of node:fs if it cannot be read
   */
  static getContentVersion(absolutePath: string): string | Promise<string> {
    return contentVersions.versionNow(absolutePath);
  }

  /**
   * The content of a file, or a part of it. A class whose files are elsewhere overrides this, getContentSize(),
   * getModifiedTime(), computeEtag() or getContentVersion(), and validateAbsolutePath().
   *
   * @param end offset after the last byte; undefined = to the end
   */
  static async *getContent(
    absolutePath: string,
    start = 0,
    end?: number,
  ): AsyncGenerator<string | Uint8Array> {
    const fd = await openForReading(absolutePath);
    try {
      yield* readPieces(fd, start, end ?? statSync(absolutePath).size);
    } finally {
      closeSync(fd);
    }
  }

  /** The URL of a static file: with its version, so that it may be kept for ever, unless there is no such file. */
  static makeStaticUrl(settings: StaticSettings, urlPath: string, includeVersion = true): string {
    // biome-ignore lint/complexity/noThisInStatic: a subclass has versions of its own.
    const version = includeVersion ? this.getVersion(settings, urlPath) : null;
    return staticUrlOf(settings, urlPath, version);
  }

  /** The version of a file below the setting staticPath; null, and an error in the log, if it cannot be read. */
  static getVersion(settings: StaticSettings, urlPath: string): string | null {
    // biome-ignore lint/complexity/noThisInStatic: as above.
    return versionForUrl(this, settings, urlPath);
  }

  /** Forgets all versions and closes all files that are kept. */
  static reset(): void {
    contentVersions.clear();
    forgetAbsentSiblings();
    staticFiles.clear();
  }

  // Verbs.

  /** @throws CodedError ERR_UNKNOWN_OPTION, ERR_OPTION_TYPE, ERR_OPTION_RANGE; see staticFileOptions */
  override initialize(args: InitArgs): void {
    const options = staticOptionsOf(args);
    this.root = options.path;
    // What a subclass has set stays, unless the route says otherwise.
    if (args.defaultFilename !== undefined) this.defaultFilename = options.defaultFilename;
    if (args.dotfiles !== undefined) this.dotfiles = options.dotfiles;
    if (args.precompressed !== undefined) this.precompressed = options.precompressed;
    if (args.cacheMaxAgeMs !== undefined) this.cacheMaxAgeMs = options.cacheMaxAgeMs;
    if (args.charset !== undefined) this.charset = options.charset;
    if (args.hashLimitBytes !== undefined) this.hashLimitBytes = options.hashLimitBytes;
    if (args.allowedSymlinkDirectory !== undefined) {
      this.allowedSymlinkDirectory = options.allowedSymlinkDirectory;
    }
  }

  /** @hot bench/run.mjs: once per request */
  override get(group?: PathGroup): unknown {
    const urlPath = (typeof group === "object" ? group.path : group) ?? "";
    const plan = staticPlanOf(this.#class(), StaticFileHandler);
    const file = plan.findsFiles ? this.#findOpen(urlPath) : null;
    if (file === null) return this.#locate(urlPath, plan);
    this.path = urlPath;
    this.absolutePath = file.path;
    this.#file = file;
    return this.#choose(plan);
  }

  override head(group?: PathGroup): unknown {
    return this.get(group);
  }

  // Hooks: what a user overrides.

  /** Makes a path below the root of a path of the URL. */
  parseUrlPath(urlPath: string): string {
    return urlPath;
  }

  /**
   * Judges a path, and finds the file that is to be served: of a folder its default file.
   *
   * @returns the path of the file; null if the request has been answered, by a redirect say
   * @throws HTTPError 403 outside of the root, or if it is no file; 404 if there is none, or it is hidden
   */
  validateAbsolutePath(root: string, absolutePath: string): string | null | Promise<string | null> {
    return this.#validate(root, absolutePath);
  }

  /** Length of the file in bytes. */
  getContentSize(): number {
    return this.#shown?.bytes ?? statSync(this.absolutePath).size;
  }

  /** When the file was last changed, in whole seconds; null = not known. */
  getModifiedTime(): Date | null {
    const ms = this.#shown?.modifiedMs ?? statSync(this.absolutePath).mtimeMs;
    return new Date(Math.floor(ms / SECOND_MS) * SECOND_MS);
  }

  /** The Content-Type, by the extension of the file's name. */
  getContentType(): string {
    const type = contentTypeOf(this.absolutePath);
    return this.charset === null ? type : withCharset(type, this.charset);
  }

  /** The version of the file in quotes. */
  override computeEtag(): string | null {
    const suffix = this.#encoded === null ? "" : `-${this.#encoded.coding}`;
    if (this.#ownVersion !== null) return `"${this.#ownVersion}${suffix}"`;
    return this.#shown?.etag ?? `"${contentVersions.versionNow(this.absolutePath)}"`;
  }

  /** Sets the fields of the response; set others in setExtraHeaders(). */
  setHeaders(): void {
    this.setHeader("Accept-Ranges", "bytes");
    this.setEtagHeader();
    const { modified } = this;
    if (modified !== null) this.setHeader("Last-Modified", modified);
    const contentType = this.getContentType();
    if (contentType !== "") this.setHeader("Content-Type", contentType);
    this.setHeader("X-Content-Type-Options", "nosniff");
    const seconds = this.getCacheTime(this.path, modified, contentType);
    if (seconds > 0) {
      this.setHeader("Expires", new Date(Date.now() + seconds * SECOND_MS));
      this.setHeader("Cache-Control", cacheControl(this.request, this.#file, seconds));
    }
    this.setExtraHeaders(this.path);
  }

  /** Called at the end of setHeaders(): the place for fields of a subclass. */
  setExtraHeaders(_urlPath: string): void {}

  /** How long a client may keep the file without asking again, in seconds; 0 = nothing is said. */
  getCacheTime(_urlPath: string, _modified: Date | null, _contentType: string): number {
    if (versionArgument(this.request) !== undefined) return StaticFileHandler.CACHE_MAX_AGE;
    return Math.floor(this.cacheMaxAgeMs / SECOND_MS);
  }

  /** Tells whether the client has the file already, by If-None-Match, or else by If-Modified-Since. */
  shouldReturn304(): boolean {
    return isNotModified(this.request.headers, this.#validators());
  }

  // Steps.

  get #shown(): StaticFile | null {
    return this.#encoded?.file ?? this.#file;
  }

  #class(): typeof StaticFileHandler {
    return this.constructor as typeof StaticFileHandler;
  }

  #openOptions(): OpenOptions & { readonly site: StaticSite } {
    if (this.root === "") {
      throw new CodedError(
        "ERR_OPTION_TYPE",
        `${this.constructor.name} has no root: its initialize() must set it, or call super.initialize()`,
      );
    }
    const site = StaticSite.of(this.root, this.allowedSymlinkDirectory);
    return { site, hashLimitBytes: this.hashLimitBytes };
  }

  /** The file, if that can be told at once. */
  #findOpen(urlPath: string): StaticFile | null {
    const options = this.#openOptions();
    const { prefix } = options.site;
    if (isPlainPath(urlPath)) return staticFiles.find(prefix + urlPath, options);
    const { defaultFilename } = this;
    if (defaultFilename === null) return null;
    const isFolder = urlPath === "" || (urlPath.endsWith("/") && isPlainPath(urlPath.slice(0, -1)));
    if (!isFolder || !this.request.path.endsWith("/")) return null;
    return staticFiles.find(prefix + urlPath + defaultFilename, options);
  }

  async #locate(urlPath: string, plan: StaticPlan): Promise<void> {
    this.path = this.parseUrlPath(urlPath);
    const absolutePath = this.#class().getAbsolutePath(this.root, this.path);
    const found = await this.validateAbsolutePath(this.root, absolutePath);
    if (found === null || this.isFinished) return;
    this.absolutePath = found;
    if (this.#file?.path !== found) {
      this.#file = null;
      // Found by a class of the user's, which has judged it.
      if (!plan.hasOwnContent) {
        this.#hold(await staticFiles.open(found, { ...this.#openOptions(), site: null }));
      }
    }
    if (plan.hasOwnVersion) this.#ownVersion = await this.#class().getContentVersion(found);
    await this.#choose(plan);
  }

  async #validate(root: string, absolutePath: string): Promise<string | null> {
    this.root = root;
    const { defaultFilename, dotfiles } = this;
    const requestPath = this.request.path;
    const query = { absolutePath, requestPath, defaultFilename, dotfiles };
    const file = await locateFile({ ...query, ...this.#openOptions() });
    if (file === "slash") {
      this.redirect(`${asciiTarget(requestPath)}/`, { permanent: true });
      return null;
    }
    this.#hold(file);
    return file.path;
  }

  /** Keeps a file open until the response is complete. */
  #hold(file: StaticFile): void {
    this.#file = file;
    file.retain();
    this[RESPONSE].keepUntilEnd(file);
  }

  /** Chooses between the file and its encoded siblings. */
  #choose(plan: StaticPlan): unknown {
    const file = this.#file;
    if (!this.precompressed || file === null) return this.#answer(plan);
    const accept = this.request.headers.get("Accept-Encoding");
    const encoded = findEncoded(file, accept, this.#openOptions());
    if (!(encoded instanceof Promise)) {
      this.#encoded = encoded;
      return this.#answer(plan);
    }
    this.#hold(file);
    return encoded.then((found) => {
      this.#encoded = found;
      return this.#answer(plan);
    });
  }

  /** @hot bench/run.mjs: once per request */
  #answer(plan: StaticPlan): unknown {
    const response = this[RESPONSE];
    const shown = this.#shown;
    if (!plan.isPlain || shown === null || !response.isPlain || this.#isConditional()) {
      return this.#answerInFull(plan);
    }
    const contentType = this.getContentType();
    const encoding = this.#encoded?.coding ?? null;
    let lines = shown.headLines({ contentType, encoding, varies: this.precompressed });
    const seconds = this.getCacheTime(this.path, null, contentType);
    if (seconds > 0) {
      const expires = new Date(Date.now() + seconds * SECOND_MS).toUTCString();
      lines += `Expires: ${expires}\r\nCache-Control: ${cacheControl(this.request, this.#file, seconds)}\r\n`;
    }
    response.setFile(shown, lines);
    return undefined;
  }

  #isConditional(): boolean {
    const { headers } = this.request;
    return (
      this[RESPONSE].exchange.asksIfNoneMatch ||
      headers.get("If-Modified-Since") !== null ||
      headers.get("Range") !== null ||
      headers.get("If-Match") !== null ||
      headers.get("If-Unmodified-Since") !== null
    );
  }

  #answerInFull(plan: StaticPlan): unknown {
    const { headers } = this.request;
    this.modified = this.getModifiedTime();
    this.setHeaders();
    if (this.precompressed) addVary(this);
    if (this.#encoded !== null) this.setHeader("Content-Encoding", this.#encoded.coding);
    if (preconditionFails(headers, this.#validators())) throw new HTTPError(412);
    if (this.shouldReturn304()) {
      this.setStatus(304);
      return undefined;
    }
    const selected = selectParts(this, this.#validators(), this.getContentSize());
    return selected === null ? undefined : this.#send(plan, selected);
  }

  #send(plan: StaticPlan, { parts, multipart }: FileParts): Promise<void> | undefined {
    const response = this[RESPONSE];
    const shown = this.#shown;
    const isOurs = shown !== null && !plan.hasOwnContent;
    if (isOurs && !response.transformsBody()) {
      response.setFile(new FileRanges(shown, parts, multipart), null);
      return undefined;
    }
    this.setHeader("Content-Length", bytesOf(parts, multipart));
    if (this.request.method === "HEAD") return undefined;
    if (isOurs) {
      shown.retain();
      response.keepUntilEnd(shown);
    }
    return streamParts(this, parts, multipart, ({ start, end }): ContentPieces => {
      if (!isOurs) return this.#class().getContent(this.absolutePath, start, end);
      return shown.content?.subarray(start, end) ?? readPieces(shown.fd, start, end);
    });
  }

  #validators(): Validators {
    const etag = this[RESPONSE].lines("Etag")[0] ?? null;
    return { etag, modifiedMs: this.modified?.getTime() ?? null };
  }
}
