/**
 * OutputTransform: what may change a response between its handler and the wire; after Tornado's.
 *
 *     class Shout implements OutputTransform {
 *       transformFirstChunk(status: number, headers: ResponseHeaders, chunk: Buffer): TransformedHead {
 *         headers.clear("Content-Length");
 *         return [status, headers, this.transformChunk(chunk)];
 *       }
 *       transformChunk(chunk: Buffer): Uint8Array {
 *         return Buffer.from(chunk.toString().toUpperCase());
 *       }
 *     }
 *     const app = new Application(routes, { transforms: [Shout] });
 *
 * An application has a list of classes; each response that it sends makes one object of each, and passes through them in
 * that order, compression last. What a transform gets has been flushed or finished by the handler: the first piece with
 * the head, the others alone; the last one, which may be the first, has `finishing`. A transform is asked again only
 * when all of them are done with the piece before.
 */
import type { HTTPServerRequest } from "../http/httpserverrequest.ts";
import type { ResponseHeaders } from "./responseheaders.ts";

/** Status, fields and first bytes of a response, as they go on to the next transform or to the wire. */
export type TransformedHead = readonly [
  status: number,
  headers: ResponseHeaders,
  chunk: Uint8Array,
];

/** A value, or a promise of it where the work is done elsewhere. */
export type Eventual<T> = T | PromiseLike<T>;

/**
 * One response's transform.
 *
 * If a method throws or its promise rejects, the error is logged; the client gets a page with status 500, which no
 * transform touches, or, if the head has been sent, the connection is closed.
 */
export interface OutputTransform {
  /**
   * Called once, first, when the handler flushes or finishes.
   *
   * For HEAD, and for a status without a body, what is returned as the chunk is not sent. Content-Length is there if the
   * handler has set it, and says how long the body would have been where HEAD or a 304 spares a whole one. Clear it if
   * the length will be another one; that of a body that is whole is put right by itself.
   *
   * @param status    200 to 999
   * @param headers   the response's own: change them in place
   * @param chunk     may be empty; not to be kept or changed
   * @param finishing the response is complete with this chunk
   */
  transformFirstChunk(
    status: number,
    headers: ResponseHeaders,
    chunk: Buffer,
    finishing: boolean,
  ): Eventual<TransformedHead>;

  /**
   * Called for each further piece of the body.
   *
   * @param chunk     may be empty; flushes that came while a promise was pending arrive as one
   * @param finishing the response is complete with this chunk
   * @returns what to send now; may be empty
   */
  transformChunk(chunk: Buffer, finishing: boolean): Eventual<Uint8Array>;

  /**
   * Tells whether the body of a response with this head would be changed, if it were streamed. A file whose body is not
   * goes from the kernel's cache to the socket. Without this method: yes. May not change anything.
   */
  transformsBody?(status: number, headers: ResponseHeaders): boolean;

  /** Called at most once if the response ends before its last chunk: release what is held. */
  onAbort?(): void;
}

/** A class of transforms, for the setting `transforms` and for Application.addTransform(). */
export type OutputTransformClass = new (request: HTTPServerRequest) => OutputTransform;

/** Makes the transform of one response. */
export type TransformMaker = (request: HTTPServerRequest) => OutputTransform;
