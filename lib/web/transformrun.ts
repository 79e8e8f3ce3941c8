/**
 * TransformRun: the pieces of one response on their way through its output transforms, in order and one at a time.
 *
 * TransformedResponse makes one when the handler first flushes or finishes. As long as transforms return values, pieces
 * come out before push() returns; while a promise is pending, further pieces wait here, and then go on as one.
 */
import { describe } from "../base/describe.ts";
import { CodedError } from "../base/errors.ts";
import { log } from "../base/log.ts";
import { isPromise } from "../base/promises.ts";
import type { Eventual, OutputTransform, TransformedHead } from "./outputtransform.ts";
import type { ResponseHeaders } from "./responseheaders.ts";

/** Where the pieces go. A throw of these counts as one of a transform. */
export interface TransformSink {
  onHead(head: TransformedHead, finishing: boolean): void;
  onPiece(piece: Uint8Array, finishing: boolean): void;
  /** A promise was rejected, or what came after one threw; nothing follows. */
  onFailed(error: unknown): void;
}

const empty = Buffer.alloc(0);

export class TransformRun {
  readonly #transforms: readonly OutputTransform[];
  readonly #sink: TransformSink;
  #isBusy = false;
  /** The last piece is out, or nothing more is to come out. */
  #isOver = false;
  #waiting: Buffer[] = [];
  #finishesAfterThese = false;
  #idle: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  constructor(transforms: readonly OutputTransform[], sink: TransformSink) {
    this.#transforms = transforms;
    this.#sink = sink;
  }

  /** A promise is pending. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Sends the head and the first piece through. @throws whatever a transform or the sink does */
  start(status: number, headers: ResponseHeaders, chunk: Buffer, finishing: boolean): void {
    const made = this.#first(0, [status, headers, chunk], finishing);
    this.#take(made, (head) => this.#sink.onHead(head, finishing), finishing);
  }

  /**
   * Sends a head through of which the body does not follow.
   *
   * @throws CodedError ERR_STATE if a transform makes a promise or bytes of it
   */
  startHeadOnly(status: number, headers: ResponseHeaders): TransformedHead {
    const made = this.#first(0, [status, headers, empty], false);
    this.#isOver = true;
    if (!isPromise(made) && made[2].length === 0) return made;
    throw new CodedError(
      "ERR_STATE",
      "an output transform changed a body of which its transformsBody() had said that it would not",
    );
  }

  /** Sends a piece through, now or after those that wait. @throws whatever a transform or the sink does */
  push(chunk: Buffer, finishing: boolean): void {
    if (this.#isBusy) {
      if (chunk.length > 0) this.#waiting.push(chunk);
      if (finishing) this.#finishesAfterThese = true;
      return;
    }
    const made = this.#next(0, chunk, finishing);
    this.#take(made, (piece) => this.#sink.onPiece(piece, finishing), finishing);
  }

  /** Nothing more comes out. Transforms that have not had their last piece are told. */
  abort(): void {
    this.#waiting = [];
    this.#isBusy = false;
    this.#wake();
    if (this.#isOver) return;
    this.#isOver = true;
    for (const transform of this.#transforms) {
      try {
        transform.onAbort?.();
      } catch (error) {
        log.error("Uncaught exception in onAbort of an output transform", error);
      }
    }
  }

  /** Settles when no promise is pending any more; never rejects. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve();
    if (this.#idle === null) {
      let resolve = () => {};
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#idle = { promise, resolve };
    }
    return this.#idle.promise;
  }

  // Steps.

  #first(from: number, head: TransformedHead, finishing: boolean): Eventual<TransformedHead> {
    let [status, headers, chunk] = head;
    for (let at = from; at < this.#transforms.length; at++) {
      const bytes = bytesOf(chunk);
      const made = this.#transforms[at]?.transformFirstChunk(status, headers, bytes, finishing);
      if (isPromise(made)) return made.then((next) => this.#first(at + 1, next, finishing));
      if (made !== undefined) [status, headers, chunk] = made;
    }
    return [status, headers, bytesOf(chunk)];
  }

  #next(from: number, chunk: Uint8Array, finishing: boolean): Eventual<Uint8Array> {
    let piece = bytesOf(chunk);
    for (let at = from; at < this.#transforms.length; at++) {
      const made = this.#transforms[at]?.transformChunk(piece, finishing);
      if (isPromise(made)) return made.then((next) => this.#next(at + 1, next, finishing));
      piece = bytesOf(made);
    }
    return piece;
  }

  #take<T>(made: Eventual<T>, deliver: (made: T) => void, finishing: boolean): void {
    const out = (value: T) => {
      if (finishing) this.#isOver = true;
      deliver(value);
    };
    if (!isPromise(made)) {
      out(made);
      return;
    }
    this.#isBusy = true;
    made.then(
      (value) => this.#goOn(() => out(value)),
      (error: unknown) =>
        this.#goOn(() => {
          throw error;
        }),
    );
  }

  /** A promise has settled: `step`, then what has waited for it. */
  #goOn(step: () => void): void {
    if (this.#isOver) return;
    this.#isBusy = false;
    try {
      step();
      // The step may have found that the client is gone, and ended this.
      if (!this.#isOver && (this.#waiting.length > 0 || this.#finishesAfterThese)) {
        const chunk = Buffer.concat(this.#waiting);
        const finishing = this.#finishesAfterThese;
        this.#waiting = [];
        this.#finishesAfterThese = false;
        this.push(chunk, finishing);
      }
    } catch (error) {
      this.#sink.onFailed(error);
    }
    if (!this.#isBusy) this.#wake();
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = null;
    idle?.resolve();
  }
}

/** What a transform made, as the next one gets it. */
function bytesOf(chunk: unknown): Buffer {
  if (chunk instanceof Buffer) return chunk;
  if (chunk instanceof Uint8Array) {
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }
  if (typeof chunk === "string") return Buffer.from(chunk);
  throw new CodedError(
    "ERR_HTTP_WRITE_TYPE",
    `an output transform made ${describe(chunk)}; allowed are bytes`,
  );
}
