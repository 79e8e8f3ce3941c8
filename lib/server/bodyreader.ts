/**
 * BodyReader: whom a request's body is given to as it arrives, instead of being kept whole.
 *
 * The dispatcher sets one at head time (RequestDispatcher.startBody, exchange.bodyReader); BodyIntake calls it. Its calls
 * come one after the other, each when what the one before returned has settled:
 *
 *     onBody · onBody · … · onBodyEnd      the request is started now, if startBody() has not done that
 *     onBody · … · onBodyAborted           at any point, also while a promise of the reader's is pending
 */

import type { ParsedForm } from "../http/multipartfile.ts";

/** Takes a body in pieces. */
export interface BodyReader {
  /** The form that a reader has made of the body, complete when onBodyEnd() has settled; what request.files says. */
  readonly form?: ParsedForm;
  /**
   * Takes the next piece.
   *
   * @param piece the reader's to keep; 1 to chunkBytes bytes
   * @returns a promise: no further piece before it settles, and the client is not read from meanwhile. If the call throws
   *   or its promise rejects with an HTTPInputError, the request is refused with that status; anything else is logged
   *   and answered with 500, or, if the response has begun, cut off; onBodyAborted is called before either
   */
  onBody(piece: Buffer): PromiseLike<unknown> | undefined;
  /**
   * The body is whole. As onBody(): the request is started when the promise has settled. From here on the response may be
   * finished without ending the connection.
   */
  onBodyEnd(): PromiseLike<unknown> | undefined;
  /**
   * The client has gone, the body was refused, the reader has failed, or the response was finished before the body had
   * arrived. Exactly once, and nothing else is called after it: release what is held. May come from inside a call of the
   * reader's own, if that finished the response, and at once when a reader is set for a body that is over.
   */
  onBodyAborted(error: Error): void;
  /** The client has gone after it had sent the whole body, and before it was answered. Once. */
  onClientGone?(): void;
  /** The request is over, its response finished: release what was kept for it. May be called again. Never rejects. */
  release?(): PromiseLike<unknown>;
}
