/**
 * TransformedResponse: a response that passes through output transforms on its way out.
 *
 * Application makes one in the place of a ResponseWriter if it has transforms; responses of all other applications know
 * nothing of this. What the handler flushes and finishes goes through a TransformRun, and from there to the exchange.
 *
 *     flush() · complete() ──▶ TransformRun ──▶ onHead(): Exchange.sendHead ──▶ onPiece(): write · finish
 *
 * As long as no transform returns a promise all of it happens before flush() and complete() return. After a promise:
 *
 * - `isFinished` holds from complete() on, `isSending` until all is out; then the handler hears onResponseSent().
 * - A failure before complete() is thrown by the next flush() or complete(), and rejects what flushed() returned; one
 *   after it goes to onResponseFailed(). Either way an error page takes the response's place if the head is not sent.
 * - If the client goes away, what has been made is dropped, and transforms are told to release what they hold.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isBodiless } from "../http/httpstatus.ts";
import type { Exchange } from "../server/exchange.ts";
import type { EtagSource } from "./etagsource.ts";
import { checkStatus } from "./httperror.ts";
import type { OutputTransform, TransformedHead, TransformMaker } from "./outputtransform.ts";
import type { PlainPieces } from "./plainpieces.ts";
import { ResponseHeaders } from "./responseheaders.ts";
import { bodyFields, ResponseWriter } from "./responsewriter.ts";
import { TransformRun, type TransformSink } from "./transformrun.ts";

export class TransformedResponse extends ResponseWriter implements TransformSink {
  /** Of the transforms to come; none after a failure, so that an error page gets out. */
  private makers: readonly TransformMaker[];
  private transforms: readonly OutputTransform[] | null = null;
  private run: TransformRun | null = null;
  private handler: EtagSource | null = null;
  private failure: { readonly error: unknown } | null = null;
  private closeListener: (() => void) | null = null;
  /** Status and reason as the handler flushed them: it may set others while a promise is pending. */
  private givenStatus = 200;
  private givenReason: string | null = null;
  /** Bytes of the first piece. */
  private givenBytes = 0;

  constructor(exchange: Exchange, makers: readonly TransformMaker[]) {
    super(exchange);
    this.makers = makers;
  }

  override get isHeadGiven(): boolean {
    return this.run !== null || this.exchange.isHeadSent;
  }

  /** Never: a ready-made head would miss what transforms say in it. */
  override get isPlain(): boolean {
    return false;
  }

  override watch(listener: () => void): void {
    this.closeListener ??= listener;
    this.watchConnection();
  }

  override transformsBody(): boolean {
    const { status } = this;
    const headers = this.fields();
    return this.ownTransforms().some(
      (transform) => transform.transformsBody?.(status, headers) ?? true,
    );
  }

  override abandon(): boolean {
    const { run } = this;
    const hadFailed = this.failure !== null;
    this.run = null;
    this.transforms = null;
    this.failure = null;
    this.isSending = false;
    run?.abort();
    return hadFailed;
  }

  override flush(): void {
    this.throwFailure();
    if (this.exchange.isGone) {
      this.takeChunks();
      this.abandon();
    } else if (this.run !== null) {
      this.push(this.run, false);
    } else if (this.exchange.isHeadSent || this.makers.length === 0) {
      super.flush();
    } else {
      this.start(false, 0);
    }
  }

  override complete(pieces: PlainPieces, handler: EtagSource): void {
    this.throwFailure();
    this.handler = handler;
    const { exchange, run } = this;
    const isPast = run === null && (exchange.isHeadSent || this.makers.length === 0);
    if (this.file !== null || isPast) {
      super.complete(pieces, handler);
      return;
    }
    if (exchange.isGone) {
      this.takeChunks();
      this.abandon();
    } else if (run !== null) {
      this.push(run, true);
    } else {
      const bytes = exchange.asksIfNoneMatch ? this.bodyBytes() : 0;
      this.settleStatus(handler);
      this.start(true, isBodiless(this.status) ? bytes : 0);
    }
    this.isFinished = true;
    this.isSending = this.run?.isBusy ?? false;
  }

  override flushed(): Promise<void> {
    if (this.failure === null && !(this.run?.isBusy ?? false)) return this.exchange.flushed();
    const promise = this.whenIdle();
    // Most callers do not wait; a failure is thrown at the next call, too.
    promise.catch(ignore);
    return promise;
  }

  /** Sends a head of which the body does not pass through here: a file's, sent by the kernel. */
  protected override sendHead(bodyBytes: number | null): void {
    if (this.makers.length > 0 && this.run === null) {
      if (this.transformsBody()) {
        throw new CodedError(
          "ERR_STATE",
          "a file cannot be sent by the kernel if an output transform changes it; ask transformsBody() first, and write it if so",
        );
      }
      const run = new TransformRun(this.ownTransforms(), this);
      const head = run.startHeadOnly(this.status, this.fields());
      this.takeHead(head, this.status, this.reason);
    }
    super.sendHead(bodyBytes);
  }

  // Called by the run.

  onHead(head: TransformedHead, finishing: boolean): void {
    if (this.endIfGone()) return;
    const piece = head[2];
    this.takeHead(head, this.givenStatus, this.givenReason);
    super.sendHead(this.lengthOf(piece.length, finishing));
    this.onPiece(piece, finishing);
  }

  onPiece(piece: Uint8Array, finishing: boolean): void {
    if (this.endIfGone()) return;
    if (piece.length > 0) this.exchange.write(piece);
    if (!finishing) return;
    this.exchange.finish();
    this.end();
  }

  onFailed(error: unknown): void {
    this.fail(error);
    const { handler } = this;
    if (handler === null || !this.isFinished) return;
    try {
      handler.onResponseFailed(error);
    } catch (again) {
      // Nothing is left to try; the client must not wait for ever.
      log.error("Uncaught exception while an error was sent", again);
      this.isFinished = true;
      this.exchange.abort();
      this.release();
    }
  }

  // Steps.

  private ownTransforms(): readonly OutputTransform[] {
    this.transforms ??= this.makers.map((make) => make(this.exchange.request));
    return this.transforms;
  }

  /** @param plainBytes length of the body that a 304 spares, if it has been written */
  private start(finishing: boolean, plainBytes: number): void {
    const chunk = this.takeBody();
    const headers = this.fields();
    const { status } = this;
    if (finishing && (plainBytes > 0 || this.exchange.method === "HEAD")) {
      headers.set("Content-Length", this.declaredBytes() ?? (chunk.length || plainBytes));
    }
    this.givenStatus = status;
    this.givenReason = this.reason;
    this.givenBytes = chunk.length;
    try {
      this.run = new TransformRun(this.ownTransforms(), this);
      this.run.start(status, headers, chunk, finishing);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (this.run.isBusy) {
      // What the handler sets from now on is not to appear in a head that it has flushed.
      this.headers = null;
      this.watchConnection();
    }
  }

  private push(run: TransformRun, finishing: boolean): void {
    try {
      run.push(this.takeBody(), finishing);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (run.isBusy) this.watchConnection();
  }

  /** What has been written, in one piece. */
  private takeBody(): Buffer {
    const chunks = this.takeChunks();
    if (chunks.every((chunk) => typeof chunk === "string")) return Buffer.from(chunks.join(""));
    const [first] = chunks;
    if (chunks.length === 1 && first instanceof Buffer) return first;
    return Buffer.concat(
      chunks.map((chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)),
    );
  }

  /** Takes over what the transforms have made of the head that had this status and reason. */
  private takeHead(head: TransformedHead, status: number, reason: string | null): void {
    const [made, headers] = head;
    if (!(headers instanceof ResponseHeaders)) {
      throw new CodedError(
        "ERR_ARGUMENT_TYPE",
        `an output transform made ${describe(headers)} of the headers; return those it was given`,
      );
    }
    checkStatus(made);
    this.status = made;
    this.reason = made === status ? reason : null;
    this.headers = headers;
    if (isBodiless(made)) for (const name of bodyFields) headers.clear(name);
  }

  /** The length of the body, or null if it is not known, of which the first piece is `madeBytes` long. */
  private lengthOf(madeBytes: number, finishing: boolean): number | null {
    const declared = this.declaredBytes();
    // Of a HEAD without it, only the head is known.
    if (declared === null) return finishing && this.exchange.method !== "HEAD" ? madeBytes : null;
    return finishing && declared === this.givenBytes ? madeBytes : declared;
  }

  /** The last piece is out. */
  private end(): void {
    if (!this.isSending) return;
    this.isSending = false;
    this.handler?.onResponseSent();
  }

  /** @returns true if the client has gone, and with it the sense of all this */
  private endIfGone(): boolean {
    if (!this.exchange.isGone) return false;
    const { isSending } = this;
    this.abandon();
    if (isSending) this.handler?.onResponseSent();
    return true;
  }

  private watchConnection(): void {
    super.watch(() => {
      // The handler hears of what was finished by onFinish().
      const listener = this.isFinished ? null : this.closeListener;
      this.closeListener = null;
      this.endIfGone();
      listener?.();
    });
  }

  /** Nothing more may be sent but an error page, for which abandon() makes room. */
  private fail(error: unknown): void {
    this.abandon();
    this.makers = [];
    this.failure = { error };
  }

  private throwFailure(): void {
    if (this.failure !== null) throw this.failure.error;
  }

  private async whenIdle(): Promise<void> {
    while (this.run?.isBusy === true) await this.run.idle();
    this.throwFailure();
    return this.exchange.flushed();
  }
}

function ignore(): void {}
